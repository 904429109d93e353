"""Query strings as dependencies: options, a changed command line, a region to place, a pair to compare, the view."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import msgspec
from fastapi import Depends, Query, Request
from pydantic import BeforeValidator, Field, StringConstraints

from pfnscope.kernel.region_kinds import Kind
from pfnscope.pages.compare import Pair
from pfnscope.pages.layout import LayoutAddress
from pfnscope.pages.query import VALUES, LayoutQuery, ViewQuery, parsed, parsed_view
from pfnscope.pages.subjects import SAMPLE
from pfnscope.service import Options
from pfnscope.service.errors import BadOption
from pfnscope.service.layouts import is_id
from pfnscope.service.places import Reservation
from pfnscope.service.whatif import LONGEST_COMMAND_LINE, Change, Question
from pfnscope.units import whole_number
from pfnscope.web.bodies import LAST_BOOT, LAST_NODE, LONGEST_BAD, Submission

_LONGEST_LINK = 2000  # characters


def or_of(reservation: Reservation, log: Submission) -> Reservation:
    """What is to be placed, with the values of the body where the query has none."""
    fields = log.fields
    return Reservation(
        size=reservation.size or fields.size or "",
        kind=fields.kind or reservation.kind,
        align=reservation.align or fields.align,
        move=reservation.move or fields.move or "",
        crashkernel=reservation.crashkernel or fields.crashkernel,
        cma=reservation.cma or fields.cma,
        reserve_mem=reservation.reserve_mem or fields.reserve_mem,
        hugetlb_cma=reservation.hugetlb_cma or fields.hugetlb_cma,
        gigantic=reservation.gigantic or fields.gigantic,
        node=fields.node if reservation.node is None else reservation.node,
        bad=reservation.bad or bad_addresses([fields.bad] if isinstance(fields.bad, str) else fields.bad),
    )


def bad_addresses(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts that say something. Raises BadOption where they are too long together."""
    if sum(map(len, texts)) > LONGEST_BAD:
        raise BadOption(f"Bad addresses may have {LONGEST_BAD:,} characters in all.")
    return tuple(text for text in texts if text.strip())


Boot = Annotated[int | None, Query(ge=1, le=LAST_BOOT, description="Which boot of that text, 1-based")]


def boot_number(name: str, text: str) -> int | None:
    """The boot that a field of a form names, None for an empty one. Raises BadOption."""
    number = whole_number(text)
    if text and (number is None or not 1 <= number <= LAST_BOOT):
        raise BadOption(f"{name} must be a number from 1 to {LAST_BOOT}.")
    return number


async def overrides(
    kernel: Annotated[str | None, Query(max_length=200, description="Assume this release")] = None,
    arch: Annotated[str | None, Query(max_length=200, description="Assume this architecture")] = None,
    boot: Annotated[int | None, Query(ge=1, le=LAST_BOOT, description="Which boot of the text, 1-based")] = None,
) -> Options:
    """The options of the query string."""
    return Options(kernel, arch, boot)


async def change(
    command_line: Annotated[
        str | None,
        Query(
            alias="set", max_length=LONGEST_COMMAND_LINE, description="The whole command line, in place of the log's"
        ),
    ] = None,
    remove: Annotated[
        list[str] | None, Query(max_length=100, description="An argument to take away, by name or as written")
    ] = None,
    append: Annotated[
        str, Query(max_length=LONGEST_COMMAND_LINE, description="Arguments to add", examples=["memmap=1G!4G"])
    ] = "",
) -> Change:
    """The change of the command line in the query string."""
    return Change(command_line, tuple(remove or ()), append)


def _or_none(value: object) -> object:
    """None for an empty field of a form."""
    return None if value == "" else value


async def reservation(
    size: Annotated[str, Query(max_length=40, description="Size of the region", examples=["1G"])] = "",
    kind: Annotated[Kind, Query(description="As in memmap=SIZE!START")] = "!",
    align: Annotated[str | None, Query(max_length=40, description="Alignment of the start", examples=["128M"])] = None,
    move: Annotated[
        str, Query(max_length=200, description="An argument of the log to move, with its size and kind")
    ] = "",
    crashkernel: Annotated[
        str, Query(max_length=200, description="What stands behind crashkernel=", examples=["512M,high"])
    ] = "",
    cma: Annotated[str, Query(max_length=200, description="What stands behind cma=", examples=["256M"])] = "",
    reserve_mem: Annotated[
        str, Query(max_length=200, description="What stands behind reserve_mem=", examples=["20M:4096:trace"])
    ] = "",
    hugetlb_cma: Annotated[
        str, Query(max_length=200, description="What stands behind hugetlb_cma=", examples=["0:2G,1:2G"])
    ] = "",
    gigantic: Annotated[bool, Query(description="How many pages of 1 GiB each node can give at boot")] = False,
    node: Annotated[
        Annotated[int, Field(ge=0, le=LAST_NODE)] | None,
        BeforeValidator(_or_none),
        Query(description="With gigantic, one node only"),
    ] = None,
    bad: Annotated[
        list[Annotated[str, StringConstraints(max_length=LONGEST_COMMAND_LINE)]] | None,
        Query(description="Addresses of bad memory, one or several in each", examples=["0x7ddf0000"]),
    ] = None,
) -> Reservation:
    """What is to be placed: one of a size, an argument to move, and the others."""
    return Reservation(
        size, kind, align, move, crashkernel, cma, reserve_mem, hugetlb_cma, gigantic, node, bad_addresses(bad or ())
    )


def _pair(longest: int) -> Callable[..., Awaitable[Pair]]:
    """The dependency that reads a pair whose names have at most so many characters."""

    async def pair(
        a: Annotated[str, Query(max_length=longest, description="Name of a stored layout")],
        b: Annotated[str, Query(max_length=longest, description="Name of another, or of the same")],
        boot_a: Boot = None,
        boot_b: Boot = None,
        kernel: Annotated[str | None, Query(max_length=200, description="Assume this release for both")] = None,
    ) -> Pair:
        return Pair(a, b, boot_a, boot_b, kernel)

    return pair


class PairForm(msgspec.Struct, frozen=True):
    """The fields of the form that compares, where ``a`` and ``b`` may be links of pages, and all may be empty."""

    a: str
    b: str
    boot_a: str
    boot_b: str
    kernel: str

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What an address needs: names in place of links, nothing empty."""
        (a, boot_a), (b, boot_b) = _name_of(self.a), _name_of(self.b)
        fields = {
            "a": a,
            "b": b,
            "boot_a": self.boot_a or boot_a,
            "boot_b": self.boot_b or boot_b,
            "kernel": self.kernel.strip(),
        }
        return [(name, value) for name, value in fields.items() if value]

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, with names in place of links."""
        return dict.fromkeys(self.__struct_fields__, "") | dict(self.fields)

    @property
    def pair(self) -> Pair:
        """What is to be compared; ``a`` or ``b`` may be empty. Raises BadOption."""
        fields = dict(self.fields)
        boots = [boot_number(name, fields.get(name, "")) for name in ("boot_a", "boot_b")]
        return Pair(fields.get("a", ""), fields.get("b", ""), boots[0], boots[1], fields.get("kernel"))


async def pair_form(
    a: Annotated[str, Query(max_length=_LONGEST_LINK)] = "",
    b: Annotated[str, Query(max_length=_LONGEST_LINK)] = "",
    boot_a: str = "",
    boot_b: str = "",
    kernel: Annotated[str, Query(max_length=200)] = "",
) -> PairForm:
    """The fields of the form that compares."""
    return PairForm(a, b, boot_a, boot_b, kernel)


def _name_of(link: str) -> tuple[str, str]:
    """Name and boot, as text, of a link to a page of this server; what is no link stays as it is."""
    link = link.strip()
    try:
        parts = urlsplit(link)
    except ValueError:
        return link, ""
    name = _name_in(parts.path)
    return (link, "") if name is None else (name, parse_qs(parts.query).get("boot", [""])[0])


def _name_in(path: str) -> str | None:
    """What a comparison calls the layout whose page, or another format of it, has this path."""
    parent, _, last = path.removesuffix("/").rpartition("/")
    name = last.partition(".")[0]
    if parent == "/l" and is_id(name):
        return name
    return SAMPLE + name if parent == "/samples" and name else None


OverridesDep = Annotated[Options, Depends(overrides)]
ChangeDep = Annotated[Change, Depends(change)]
ReservationDep = Annotated[Reservation, Depends(reservation)]
PairDep = Annotated[Pair, Depends(_pair(200))]
LinkPairDep = Annotated[Pair, Depends(_pair(_LONGEST_LINK))]
PairFormDep = Annotated[PairForm, Depends(pair_form)]


async def layout_query(request: Request, change: ChangeDep, reservation: ReservationDep) -> LayoutQuery:
    """The query string of a layout page. Raises 400 through its dependencies."""
    move = reservation.move.strip()
    values = {name: getattr(reservation, name).strip() for name in VALUES}
    size, align = "" if move else reservation.size, reservation.align or None
    question = Question(change, msgspec.structs.replace(reservation, size=size, align=align, move=move, **values))
    return parsed(tuple(request.query_params.multi_items()), question)


async def view_query(request: Request) -> ViewQuery:
    """How the query string of this request wants bars shown."""
    return parsed_view(tuple(request.query_params.multi_items()))


LayoutQueryDep = Annotated[LayoutQuery, Depends(layout_query)]
ViewQueryDep = Annotated[ViewQuery, Depends(view_query)]


async def layout_address(
    overrides: OverridesDep,
    query: LayoutQueryDep,
    view: ViewQueryDep,
    log: str = "",
    line: Annotated[str, Query(max_length=40)] = "",
) -> LayoutAddress:
    """What the address of a layout page says beside the layout."""
    return LayoutAddress(overrides, query, view, log, line)


AddressDep = Annotated[LayoutAddress, Depends(layout_address)]
