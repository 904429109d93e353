"""Query strings that ask what if: a changed command line, a region to place, a pair to compare."""

from typing import Annotated

import msgspec
from fastapi import Depends, HTTPException, Query, Request

from pfnscope.service.errors import BadOption
from pfnscope.service.whatif import LONGEST_COMMAND_LINE, Change, Kind
from pfnscope.units import whole_number
from pfnscope.web.bodies import LAST_BOOT, Submission

_LONGEST_QUERY = 1 << 14  # bytes
_MOST_PARAMETERS = 200


async def bounded_query(request: Request) -> None:
    """Raise 400 for a query string with more in it than any page or program has to say."""
    query = request.scope["query_string"]
    if len(query) > _LONGEST_QUERY or query.count(b"&") >= _MOST_PARAMETERS:
        raise HTTPException(400, f"A query has at most {_LONGEST_QUERY} bytes and {_MOST_PARAMETERS} parameters.")


class Region(msgspec.Struct, frozen=True):
    """A memmap= region to place; sizes as the kernel reads them."""

    size: str
    kind: Kind
    align: str | None

    def told(self, sent: Submission) -> "Region":
        """With what the body says where the query does not."""
        fields = sent.fields
        return Region(self.size or fields.size or "", fields.kind or self.kind, self.align or fields.align)


class Pair(msgspec.Struct, frozen=True):
    """Two stored layouts, each with the boot that is meant; ``kernel`` overrides the release of both."""

    a: str
    b: str
    boot_a: int | None
    boot_b: int | None
    kernel: str | None


Boot = Annotated[int | None, Query(ge=1, le=LAST_BOOT, description="Which boot of that text, 1-based")]


def boot_number(name: str, text: str) -> int | None:
    """The boot that a field of a form names, None for an empty one. Raises BadOption."""
    number = whole_number(text)
    if text and (number is None or not 1 <= number <= LAST_BOOT):
        raise BadOption(f"{name} must be a number from 1 to {LAST_BOOT}.")
    return number


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
    """How the query string wants the command line changed."""
    return Change(command_line, tuple(remove or ()), append)


async def region(
    size: Annotated[str, Query(max_length=40, description="Size of the region", examples=["1G"])] = "",
    kind: Annotated[Kind, Query(description="As in memmap=SIZE!START")] = "!",
    align: Annotated[str | None, Query(max_length=40, description="Alignment of the start", examples=["128M"])] = None,
) -> Region:
    """Which region is to be placed."""
    return Region(size, kind, align)


async def pair(
    a: Annotated[str, Query(max_length=200, description="Name of a stored layout")],
    b: Annotated[str, Query(max_length=200, description="Name of another, or of the same")],
    boot_a: Boot = None,
    boot_b: Boot = None,
    kernel: Annotated[str | None, Query(max_length=200, description="Assume this release for both")] = None,
) -> Pair:
    """What is to be compared."""
    return Pair(a, b, boot_a, boot_b, kernel)


ChangeDep = Annotated[Change, Depends(change)]
RegionDep = Annotated[Region, Depends(region)]
PairDep = Annotated[Pair, Depends(pair)]
