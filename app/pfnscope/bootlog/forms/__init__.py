"""Every line form that is read, in tables; one file a family."""

from pfnscope.bootlog.forms import (
    archmaps,
    archregions,
    badpages,
    blocks,
    context,
    counts,
    devices,
    devicetree,
    e820,
    early,
    efi,
    faults,
    files,
    hotplug,
    maps,
    memblock,
    nodes,
    numa,
    registers,
    reserved,
    virtual,
    zones,
)
from pfnscope.bootlog.forms.base import Form

FORMS: tuple[Form, ...] = (
    *context.FORMS,
    *maps.FORMS,
    *archmaps.FORMS,
    *e820.FORMS,
    *efi.FORMS,
    *nodes.FORMS,
    *numa.FORMS,
    *zones.FORMS,
    *memblock.FORMS,
    *counts.FORMS,
    *reserved.FORMS,
    *devices.FORMS,
    *devicetree.FORMS,
    *early.FORMS,
    *archregions.FORMS,
    *hotplug.FORMS,
    *virtual.FORMS,
    *faults.FORMS,
    *registers.FORMS,
    *badpages.FORMS,
    *files.FORMS,
    *blocks.FORMS,
)
ANCHORS = "|".join(form.anchor for form in FORMS if form.anchor)
"""How messages begin that are known wherever they stand."""
DAMAGED = r"(?:^|[^\w\"'`])(?:" + "|".join(form.damaged for form in FORMS if form.damaged) + ")"
"""What only a line of a memory layout holds, whatever follows and whatever prefix is in front of it."""

__all__ = ["ANCHORS", "DAMAGED", "FORMS", "Form"]
