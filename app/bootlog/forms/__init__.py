"""Every line form that is read, in tables; one file a family."""

from app.bootlog.forms import context, counts, e820, efi, maps, memblock, neighbours, nodes, reserved, trouble, zones
from app.bootlog.forms.base import Form

FORMS: tuple[Form, ...] = (
    *context.FORMS,
    *maps.FORMS,
    *e820.FORMS,
    *efi.FORMS,
    *nodes.FORMS,
    *zones.FORMS,
    *memblock.FORMS,
    *counts.FORMS,
    *reserved.FORMS,
    *trouble.FORMS,
    *neighbours.FORMS,
)

__all__ = ["FORMS", "Form"]
