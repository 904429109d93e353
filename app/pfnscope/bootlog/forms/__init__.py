"""Every line form that is read, in tables; one file a family."""

from pfnscope.bootlog.forms import (
    architectures,
    badpages,
    capture,
    context,
    counts,
    crashtool,
    devices,
    efi,
    failures,
    faults,
    files,
    hibernation,
    hotadd,
    hotplug,
    maps,
    memblock,
    nodes,
    numa,
    panics,
    pools,
    reserved,
    sizes,
)
from pfnscope.bootlog.forms.base import Form

FORMS: tuple[Form, ...] = (
    *context.FORMS,
    *maps.FORMS,
    *architectures.FORMS,
    *capture.FORMS,
    *efi.FORMS,
    *nodes.FORMS,
    *memblock.FORMS,
    *counts.FORMS,
    *reserved.FORMS,
    *sizes.FORMS,
    *devices.FORMS,
    *hotplug.FORMS,
    *hotadd.FORMS,
    *failures.FORMS,
    *pools.FORMS,
    *panics.FORMS,
    *hibernation.FORMS,
    *numa.FORMS,
    *faults.FORMS,
    *badpages.FORMS,
    *crashtool.FORMS,
    *files.FORMS,
)
ANCHORS = "|".join(form.anchor for form in FORMS if form.anchor)
"""How messages begin that are known wherever they stand."""
DAMAGED = r"(?:^|[^\w\"'`])(?:" + "|".join(form.damaged for form in FORMS if form.damaged) + ")"
"""What only a line of a memory layout holds, whatever follows and whatever prefix is in front of it."""

__all__ = ["ANCHORS", "DAMAGED", "FORMS", "Form"]
