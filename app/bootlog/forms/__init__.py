"""Every line form that is read, in tables; one file a family."""

from app.bootlog.forms import (
    architectures,
    archmaps,
    archregions,
    badpages,
    context,
    counts,
    devices,
    devicetree,
    e820,
    early,
    efi,
    faults,
    hotplug,
    maps,
    memblock,
    neighbours,
    nodes,
    numa,
    registers,
    reserved,
    virtual,
    zones,
)
from app.bootlog.forms.base import Form

FORMS: tuple[Form, ...] = (
    *context.FORMS,
    *architectures.FORMS,
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
    *neighbours.FORMS,
)

__all__ = ["FORMS", "Form"]
