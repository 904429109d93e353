"""Every line form that is read, in tables; one file a family."""

from app.bootlog.forms import (
    badpages,
    context,
    counts,
    devices,
    devicetree,
    e820,
    early,
    efi,
    faults,
    maps,
    memblock,
    neighbours,
    nodes,
    numa,
    reserved,
    zones,
)
from app.bootlog.forms.base import Form

FORMS: tuple[Form, ...] = (
    *context.FORMS,
    *maps.FORMS,
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
    *faults.FORMS,
    *badpages.FORMS,
    *neighbours.FORMS,
)

__all__ = ["FORMS", "Form"]
