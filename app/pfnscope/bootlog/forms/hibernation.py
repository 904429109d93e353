"""Lines in which the kernel says why it did not hibernate or does not resume."""

from pfnscope.bootlog.effects import Effect
from pfnscope.bootlog.forms.base import NUMBER, Form, Groups, hexadecimal, number
from pfnscope.model.log import Failure
from pfnscope.model.ranges import Address, Lines

_PM = r"(?:PM: )?(?:hibernation: )?"


def _page(groups: Groups, lines: Lines) -> Effect:
    """A page that the image has and this boot calls no RAM; where it ends hangs on the page size."""
    start = Address(hexadecimal(groups[0]))
    text = f"The memory map changed since the machine hibernated: {start} was RAM then and is not now."
    return Failure("hibernation-map", text, lines, start=start)


def _image(groups: Groups, lines: Lines) -> Effect:
    why, then, now = groups
    if then:
        text = (
            f"The firmware says that the hardware changed since the machine hibernated (signature {then}, now {now}),"
            " so the kernel does not resume."
        )
        return Failure("hibernation-signature", text, lines)
    differs = {"memory size": "this boot has another amount of RAM"}
    what = differs.get(why or "", f"the {why} differs" if why else "its header is not known")
    return Failure("hibernation-image", f"The kernel does not resume from the image of hibernation: {what}.", lines)


def _short(groups: Groups, lines: Lines) -> Effect:
    pages = groups[0]
    lacking = f"{number(pages):,} pages more are needed" if pages else "not enough memory is free"
    return Failure("hibernation-memory", f"The kernel could not hibernate: {lacking} to copy memory.", lines)


FORMS = (
    Form(
        name="hibernation-map",
        family="contradictions",
        triggers=("Hibernate inconsistent",),
        pattern=rf"{_PM}Hibernate inconsistent memory map detected!",
        make=lambda _groups, lines: Failure(
            "hibernation-map",
            "The firmware's memory map is not the one of the boot that hibernated, so the kernel does not resume.",
            lines,
        ),
        samples=(
            "Hibernate inconsistent memory map detected!",
            "PM: hibernation: Hibernate inconsistent memory map detected!",
        ),
        source="arch/x86/power/hibernate_64.c 4.17, arch/x86/power/hibernate.c 6.1 and 7.1",
    ),
    Form(
        name="hibernation-page",
        family="contradictions",
        triggers=("[Firmware Bug]: Memory", "Memory map mismatch"),
        pattern=rf"{_PM}(?:\[Firmware Bug\]: )?Memory map mismatch at 0x([0-9a-f]{{1,16}}) after hibernation",
        make=_page,
        samples=("PM: hibernation: [Firmware Bug]: Memory map mismatch at 0x6f3d2000 after hibernation",),
        source="kernel/power/snapshot.c, 6.12 and 7.1",
    ),
    Form(
        name="hibernation-image",
        family="contradictions",
        triggers=(
            "Image mismatch: ",
            "image hardware signature mismatch",
            "Unrecognized hibernate image",
        ),
        pattern=rf"{_PM}(?:Image mismatch: ([a-z][a-z ]{{1,40}})|Suspend image hardware signature mismatch"
        r" \(([0-9a-f]{1,8}) now ([0-9a-f]{1,8})\)|Unrecognized hibernate image header format!)",
        make=_image,
        tail="version|size",
        samples=(
            "PM: Image mismatch: memory size",
            "PM: hibernation: Image mismatch: kernel version",
            "PM: Suspend image hardware signature mismatch (5a3c0d11 now 5a3c0f42); aborting resume.",
            "PM: hibernation: Unrecognized hibernate image header format!",
        ),
        source="kernel/power/snapshot.c 4.17 to 7.1, kernel/power/swap.c 5.17 to 7.1, hibernate.c of x86 5.4 to 7.1",
    ),
    Form(
        name="hibernation-memory",
        family="failed reservations",
        triggers=(
            "Image allocation is ",
            "hibernation: Not enough free memory",
            "PM: Not enough free memory",
            "hibernation: Memory allocation failed",
            "PM: Memory allocation failed",
            "Cannot allocate original bitmap",
            "Cannot allocate copy bitmap",
            "Cannot allocate zero bitmap",
        ),
        pattern=rf"PM: (?:hibernation: )?(?:Image allocation is {NUMBER} pages short|Not enough free memory"
        r"|Memory allocation failed|Cannot allocate (?:original|copy|zero) bitmap)",
        make=_short,
        samples=(
            "PM: hibernation: Image allocation is 36224 pages short",
            "PM: hibernation: Not enough free memory",
            "PM: Memory allocation failed",
            "PM: hibernation: Cannot allocate copy bitmap",
            "PM: hibernation: Cannot allocate zero bitmap",
        ),
        source="kernel/power/snapshot.c, 4.17 to 7.1",
    ),
)
