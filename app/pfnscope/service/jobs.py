"""The use cases as functions of plain values, and drawings packed, so that another process can be given the work.

Each answer that a server computes is one of these, whether a text was sent or is stored. ``most`` is the number of
ranges that a boot may have: every function that takes it raises TooManyRanges for more.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.bootlog import Reading, Text, keep_memory_lines, read
from pfnscope.drawing import scene
from pfnscope.drawing.axis import Axis, AxisName, make
from pfnscope.drawing.lanes import lanes
from pfnscope.drawing.scene import Scene
from pfnscope.drawing.view import shown
from pfnscope.formats.registry import BY_SUFFIX, Export
from pfnscope.formats.text import render
from pfnscope.model import encoding
from pfnscope.model.document import Document
from pfnscope.report import compared as differences
from pfnscope.report.headline import sentences
from pfnscope.report.plain import Look
from pfnscope.service import whatif
from pfnscope.service.analyzing import Options, chosen, documented, encode, judged
from pfnscope.service.errors import CannotSimulate, NothingToDraw, TooManyRanges
from pfnscope.service.handing import Packed, pack, unpack
from pfnscope.service.lookup import lookup
from pfnscope.service.places import Reservation
from pfnscope.service.places import placed as placed_in
from pfnscope.service.whatif import Answer, Question, answered

P = ParamSpec("P")
T = TypeVar("T")

Side = tuple[bytes, Options]
"""A text to compare, and how it is analysed."""

# What is no range of memory, or only names the lines of some.
_NOT_COUNTED = ("recognised", "diagnostics", "assumed")


def analyzed(text: bytes, options: Options, most: int) -> bytes:
    """The document as JSON. Raises what :func:`pfnscope.service.analyze` raises."""
    return encode(_document(text, options, most))


def looked_up(text: bytes, options: Options, most: int, at: str) -> bytes:
    """What is at a place, as JSON. Raises what :func:`pfnscope.service.lookup.lookup` raises, and like the others."""
    return encode(lookup(_document(text, options, most), at))


def checked(text: bytes, options: Options, most: int) -> None:
    """Raises what :func:`analyzed` raises."""
    chosen(_read(text, most)[1], options)


def simulated(text: bytes, options: Options, most: int, change: whatif.Change) -> bytes:
    """The document of a changed command line as JSON. Raises what ``simulate`` raises."""
    real = _judged(text, msgspec.structs.replace(options, kernel=None), most)
    return encode(whatif.simulated(real, change, options.kernel))


def placed(text: bytes, options: Options, most: int, reservation: Reservation) -> bytes:
    """Where a reservation lies or can go, as JSON. Raises what ``place`` raises."""
    return encode(placed_in(_judged(text, options, most), reservation)[1])


def compared(one: Side, other: Side, most: int) -> bytes:
    """What differs between two layouts, as JSON. Raises like :func:`analyzed` for either."""
    return encode(differences.compared(*_documents(one, other, most)))


def exported(
    text: bytes, options: Options, most: int, question: Question, suffix: str, axis: AxisName, width: int
) -> bytes:
    """A layout in a format, with a change the simulated one, and where a reservation lies or can go.

    Raises like :func:`analyzed`, and CannotSimulate where the change leads to no layout.
    """
    write, look = BY_SUFFIX[suffix].write, Look(width)
    if question.change is None and not question.places:
        return write(Export(_document(text, options, most), text, None, axis, look))
    answer = answered(_read(text, most)[1], options, question)
    if question.change is not None and answer.changed is None:
        raise CannotSimulate(answer.refused)
    today = answer.today if answer.changed else None
    return write(Export(answer.changed or answer.today, text, today, axis, look, answer.places))


Keep = Literal["memory-lines", "everything"]


def kept(text: bytes, options: Options, keep: Keep, most: int) -> bytes:
    """What is stored of a text: its recognised lines without names, or everything. Raises like :func:`analyzed`."""
    log, reading = _read(text, most)
    chosen(reading, options)
    return text if keep == "everything" else keep_memory_lines(log, reading, names=False)


def kept_and_drawn(text: bytes, options: Options, keep: Keep, most: int) -> tuple[bytes, bytes]:
    """What :func:`kept` gives, and its drawing, packed, for the page that is shown next.

    Raises NothingToDraw for a text with a crash and without a layout.
    """
    stored = kept(text, options, keep, most)
    answer = answered(_read(stored, most)[1], options)  # of what is stored: others see this drawing, too
    if {lane.key for lane in lanes(answer.today)} <= {"events"}:
        raise NothingToDraw(answer.today.verdict.severity, sentences(answer.today))
    return stored, packed(answer)


def kept_and_reported(text: bytes, options: Options, keep: Keep, most: int) -> tuple[bytes, str]:
    """What :func:`kept` gives, and its text report."""
    stored = kept(text, options, keep, most)
    return stored, render(_document(stored, options, most))


def drawn(text: bytes, options: Options, most: int, question: Question) -> bytes:
    """The drawing of a stored text, packed. Raises like :func:`analyzed`."""
    return packed(answered(_read(text, most)[1], options, question))


def drawn_together(one: Side, other: Side, most: int, names: tuple[str, str]) -> bytes:
    """The drawing of two layouts under these names on one axis, packed. Raises like :func:`analyzed` for either."""
    documents = _documents(one, other, most)
    return _pack(documents, scene.of_two(*documents, names))


def _documents(one: Side, other: Side, most: int) -> tuple[Document, Document]:
    first = _read(one[0], most)[1]
    second = first if other[0] == one[0] else _read(other[0], most)[1]
    return documented(first, one[1]), documented(second, other[1])


def _document(text: bytes, options: Options, most: int) -> Document:
    return documented(_read(text, most)[1], options)


def _judged(text: bytes, options: Options, most: int) -> Analysis:
    return judged(_read(text, most)[1], options)


def _read(text: bytes, most: int) -> tuple[Text, Reading]:
    log = Text(text)
    reading = read(log)
    _refuse_many(reading.boots, most)
    return log, reading


def _refuse_many(boots: tuple[Any, ...], most: int) -> None:
    for boot in boots:
        facts = (getattr(boot, name) for name in boot.__struct_fields__ if name not in _NOT_COUNTED)
        count = sum(len(value) for value in facts if isinstance(value, tuple) and not isinstance(value[:1], str))
        if count > most:
            raise TooManyRanges(count, most)


def ready() -> None:
    """Do nothing, in a process that has started by then and has imported what jobs need."""


def alone(memory_bytes: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work in a process that serves for nothing else: behind what answers people, and within bounds.

    ``memory_bytes`` bounds its address space. Raises MemoryError beyond it.
    """
    import gc
    import os
    import resource

    gc.disable()  # a job makes little garbage that only a search finds; it is looked for between two
    if os.getpriority(os.PRIO_PROCESS, 0) < _POLITE:
        os.setpriority(os.PRIO_PROCESS, 0, _POLITE)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        return work(*args, **kwargs)
    except BaseException as error:
        let_go(error)
        raise
    finally:
        gc.enable()


def handed(call: Packed, given: str, result: str) -> Packed:
    """The result of a packed function with its values; the files for large bytes of both are at these paths."""
    with Path(given).open("rb") as file:
        work, args, kwargs = unpack(call, file.fileno())
    with Path(result).open("wb") as file:
        return pack(work(*args, **kwargs), file.fileno())


def let_go(error: BaseException | None) -> None:
    """Empty the frames that an error has left, and those of its causes: they may hold a text in a circle with it.

    A process would keep the texts of many refusals until it next looks for garbage.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


_POLITE = 19


class Drawing(msgspec.Struct, frozen=True):
    """A scene with the axes of its lanes that are not folded. It shows an answer, or both sides of a comparison."""

    shows: Answer | tuple[Document, ...]
    scene: Scene
    schematic: Axis
    scale: Axis


def scene_of(answer: Answer) -> Scene:
    """The layout, or with a change both layouts, and where a reservation lies or can go."""
    if answer.changed is None:
        return scene.of_answer(answer.today, None, answer.places)
    return scene.of_answer(answer.changed, answer.today, answer.places)


def packed(answer: Answer) -> bytes:
    """The drawing of an answer, for :func:`unpacked`."""
    return _pack(answer, scene_of(answer))


def _pack(shows: Answer | tuple[Document, ...], drawn: Scene) -> bytes:
    rows = shown(drawn, ()).lanes
    return encoding.pack(Drawing(shows, drawn, make("schematic", rows), make("scale", rows)))


_unpack = encoding.unpacker(Drawing)


def unpacked(drawing: bytes) -> Drawing:
    """What :func:`packed` was given, drawn."""
    return _unpack(drawing)
