"""A text in, its boots out; and what is stored of a text."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO

import msgspec

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.boots.finish import finish, printed_by
from pfnscope.bootlog.boots.joining import chosen, joined
from pfnscope.bootlog.boots.streams import PROSE_LINES, Order, drafts, is_log, is_prose
from pfnscope.bootlog.boots.twins import fold
from pfnscope.bootlog.file_names import MOST_FILES, NamedFile, sources_of
from pfnscope.bootlog.names import without_names
from pfnscope.bootlog.records import ELLIPSIS, records_and_runs
from pfnscope.bootlog.text.decoding import DECODED, decode
from pfnscope.bootlog.text.order import in_order_of_parts, renumbered, reordered, turned_round
from pfnscope.bootlog.text.plain import ADDED
from pfnscope.bootlog.text.searchable import Text
from pfnscope.kernel.vendors import parse_release
from pfnscope.model.log import BootLog, Diagnostic
from pfnscope.model.ranges import Lines
from pfnscope.model.sources import Source, UnusedFile, source_of

LOOKED_FOR = (
    "memory maps (BIOS-e820, Xen, user, extended, modified)",
    "EFI memory map",
    "SRAT memory affinity",
    "Early memory node ranges",
    "Zone ranges",
    "MEMBLOCK configuration (memblock=debug)",
    "/proc/zoneinfo and /proc/iomem (read as root)",
    "/sys/firmware/memmap, memblock lists of debugfs, lsmem",
    "oopses, bad pages and page dumps",
)
"""What a layout can be read from, or an answer without one, for people."""
_LOG = b"[]."  # stands for the first line after all kept ones, where the log continues there
_FAR = 4096  # bytes of a line that show whether it is prose
LearnedPrefix = Callable[[bytes], int]


class Reading(msgspec.Struct, frozen=True):
    """The boots of a text that have a layout, in text order; where none has one, those that tell of trouble.

    ``seen`` names the families of all recognised lines, for the error where the text has no layout. ``lines``
    are the numbers of all recognised lines, also of parts that are no boot with a layout. ``turned``: the text is the
    newest line first, or has its parts in another order. ``hosts`` are the machines that log daemons name. ``start``
    are the first bytes of a text without boots. ``sources`` are the files of a text that was put together of several,
    ``unused_files`` those that it only names.
    """

    boots: tuple[BootLog, ...]
    line_count: int
    seen: tuple[str, ...]
    lines: Lines = ()
    turned: bool = False
    hosts: tuple[str, ...] = ()
    start: bytes = b""
    sources: tuple[Source, ...] = ()
    unused_files: tuple[UnusedFile, ...] = ()


def read(text: bytes | Text) -> Reading:
    """Read a boot log, or a mail or file that holds some; any bytes are accepted, in linear time."""
    searchable = text if isinstance(text, Text) else Text(text)
    numbers = in_order_of_parts(searchable.decoded)
    if numbers is not None:
        message = (
            "The parts of this log stand in the wrong order: they are read from part to part as the kernel wrote them."
        )
        return _read_again(searchable, numbers, message)
    order = Order()
    parts, names = drafts(searchable, order.watched(records_and_runs(searchable)))
    if order.falls:
        message = "The newest line of this text is the first: it is read from its end."
        return _read_again(searchable, turned_round(searchable.decoded), message)
    return _with_sources(_gathered(searchable, parts, names), names)


def _read_again(text: Text, numbers: list[int], message: str) -> Reading:
    """The reading of the lines in another order, under the numbers that they have in the text."""
    turned = Text(reordered(text.decoded, numbers), decoded=True)
    parts, names = drafts(turned, records_and_runs(turned))
    reading, own = renumbered((_gathered(turned, parts, names), tuple(names)), numbers)
    reading = _noted(reading, Diagnostic("info", "turned-order", message, None, None))
    return _with_sources(msgspec.structs.replace(reading, line_count=text.line_count, turned=True), own)


def _noted(reading: Reading, note: Diagnostic) -> Reading:
    boots = tuple(msgspec.structs.replace(boot, diagnostics=(note, *boot.diagnostics)) for boot in reading.boots)
    return msgspec.structs.replace(reading, boots=boots)


def _with_sources(reading: Reading, names: Sequence[NamedFile]) -> Reading:
    """The reading and its boots with the files of the text."""
    if not names:
        return reading
    sources, unused = sources_of(names[:MOST_FILES], reading.line_count)
    boots = tuple(
        msgspec.structs.replace(boot, sources=sources, unused_files=unused, source=_source(boot, sources))
        for boot in reading.boots
    )
    reading = msgspec.structs.replace(reading, boots=boots, sources=sources, unused_files=unused)
    if len(names) <= MOST_FILES:
        return reading
    message = f"The text names more than {MOST_FILES:,} files: what stands behind the last name counts as of that file."
    return _noted(reading, Diagnostic("warning", "more-files", message, names[MOST_FILES].lines[0], None))


def _source(boot: BootLog, sources: Sequence[Source]) -> str | None:
    """The file that a boot was read from, by the line that names its release, else by its first one."""
    lines = boot.release_lines or boot.recognised
    source = source_of(lines[0], sources) if lines else None
    return source.name if source else None


def _gathered(searchable: Text, parts: list[Draft], names: Sequence[NamedFile]) -> Reading:
    """The boots that drafts belong to."""
    seen = tuple(dict.fromkeys(family for part in parts for family in part.families))
    recognised = {line for part in parts for line in part.recognised}
    hosts = tuple(dict.fromkeys(part.host for part in parts if part.host))
    recognised.update(line for item in names for line in item.lines)
    everything = joined(parts)
    recognised |= fold(searchable, everything, names)
    parts = [part for part in everything if part.same_as is None]
    _name_nameless(parts)
    boots = chosen(parts)
    if any(part.files.lines for part in everything):
        logs = _with_files(everything, boots)
    else:
        logs = tuple(finish(boot, index, len(boots)) for index, boot in enumerate(boots, 1))
    known = {*recognised, *(line for log in logs for line in log.recognised)} if logs else ()
    start = b"" if logs else searchable.start
    return Reading(logs, searchable.line_count, seen, searchable.whole(known), hosts=hosts, start=start)


def _name_nameless(parts: list[Draft]) -> None:
    """Assume for excerpts without a release the only one that the text names."""
    named = {part.banner[0].release for part in parts if part.banner} | {name for p in parts for name in p.running}
    if len(named) != 1:
        return
    lines = next(part.banner[1] if part.banner else next(iter(part.running.values())) for part in parts if part.named)
    host = next(part.host for part in parts if part.named)
    for part in parts:
        if not part.named and part.host == host and _can_print(part, next(iter(named))):
            part.running = {next(iter(named)): lines}


def _can_print(part: Draft, release: str) -> bool:
    """Whether a release words its lines as those of an excerpt are."""
    bounds, known = printed_by(part.spellings), parse_release(release)
    return bounds is None or known is None or known.stable in bounds.releases


def _with_files(parts: list[Draft], boots: list[Draft]) -> tuple[BootLog, ...]:
    """The boots with the files of /proc and /sys; few texts have any, so the rest is loaded only here."""
    from pfnscope.bootlog.files.attach import adopt, with_files

    owners = adopt(parts, boots)
    return tuple(with_files(finish(boot, index, len(owners)), boot) for index, boot in enumerate(owners, 1))


def keep_memory_lines(text: bytes | Text, reading: Reading, *, names: bool = True) -> bytes:
    """The text with every line blanked that says nothing about memory; line numbers stay. ``reading`` is its reading.

    Without ``names``, those of hosts are replaced, see ``without_names``.

    Prose between two log lines becomes an ellipsis, because it separates excerpts: reading
    the kept text gives the same boots.
    """
    searchable = text if isinstance(text, Text) else Text(text)
    data, learned_prefix = searchable.decoded, searchable.learned_prefix
    out = BytesIO()
    number, at = 1, 0
    for line in reading.lines:
        start = _skip(data, at, line - number)
        if number > 1:
            out.writelines(_blanked(data[at:start], line - number, learned_prefix))
        elif reading.turned and line > number and _goes_on(data[at:start], learned_prefix):
            out.writelines((b"\n" * (line - number - 1), _LOG, b"\n"))
        else:
            out.write(b"\n" * (line - number))
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end + 1
        out.write(data[start:end])
        number, at = line + 1, end
    lines = reading.line_count - number + 1
    if number > 1 and lines and is_log(_first_line(data[at:]), learned_prefix):
        out.writelines((_LOG, b"\n" * lines))
    else:
        out.writelines(_blanked(data[at:], lines, learned_prefix))
    kept = out.getvalue() if names else without_names(out.getvalue(), reading.hosts, learned_prefix)
    return kept if decode(kept) == kept else kept + DECODED


def _goes_on(gap: bytes, learned_prefix: LearnedPrefix) -> bool:
    """Whether the last line of a gap is of the log, which goes on there in a text whose newest line is the first."""
    return is_log(gap[gap.rfind(b"\n", 0, len(gap) - 1) + 1 :].rstrip(b"\n"), learned_prefix)


def _first_line(gap: bytes) -> bytes:
    return Text(gap[:_FAR], decoded=True).data.split(b"\n", 1)[0]


def _skip(data: bytes, at: int, lines: int) -> int:
    for _ in range(lines):
        end = data.find(b"\n", at)
        at = len(data) if end < 0 else end + 1
    return at


def _blanked(gap: bytes, lines: int, learned_prefix: LearnedPrefix) -> Iterator[bytes]:
    """As many empty lines, with marks for prose on the first line and for the last prose; only near lines matter.

    The first, because a wrapped command line might seem to end there.
    """
    if not lines:
        return
    begins = is_prose(_first_line(gap), learned_prefix)
    last, mark = _last_prose(gap, lines, learned_prefix)
    if begins:
        yield ELLIPSIS
    if last is None or (begins and last == 0):
        yield b"\n" * lines
        return
    yield b"\n" * last
    yield mark
    yield b"\n" * (lines - last)


def _last_prose(gap: bytes, lines: int, learned_prefix: LearnedPrefix) -> tuple[int | None, bytes]:
    """The last line of a gap that begins with prose or holds some, and its mark.

    A soft line break joins lines: what follows one is the rest of a line, and no prose by itself.
    """
    end, rest = len(gap), b""
    for back in range(min(lines, PROSE_LINES)):
        start = gap.rfind(b"\n", 0, max(end - 1, 0)) + 1
        line = gap[start:end].removesuffix(b"\n") + rest
        before = gap[max(start - 3, 0) : start]
        end = start
        if before.endswith(b"=\n") and before[:1] not in (b"=", b"\n") and len(before) == 3:
            rest = line
            continue
        rest = b""
        if any(is_prose(piece, learned_prefix) for piece in _pieces(line)):
            return lines - back - 1, ELLIPSIS if is_prose(line.split(ADDED, 1)[0], learned_prefix) else ADDED + ELLIPSIS
    return None, b""


def _pieces(line: bytes) -> Iterator[bytes]:
    """The parts of a line that decoding split, the last first."""
    end = len(line)
    for _ in range(PROSE_LINES):
        start = line.rfind(ADDED, 0, end) + 1
        yield line[start : min(end, start + _FAR)]
        if not start:
            return
        end = start - 1
