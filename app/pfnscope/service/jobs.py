"""The use cases as functions of plain values, and drawings packed, so that another process can be given the work."""

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec

from pfnscope.analysis import Analysis
from pfnscope.bootlog import Reading, Text, keep_memory_lines, read
from pfnscope.drawing import scene
from pfnscope.drawing.axis import Axis, make
from pfnscope.drawing.lanes import lanes
from pfnscope.drawing.scene import Scene
from pfnscope.drawing.view import shown
from pfnscope.formats.text import render
from pfnscope.model.encoding import pack, unpack
from pfnscope.report.headline import sentences
from pfnscope.service import whatif
from pfnscope.service.analyzing import Options, chosen, documented, encode, judged
from pfnscope.service.errors import NothingToDraw, TooManyRanges
from pfnscope.service.whatif import Answer, Question, answered, ask

P = ParamSpec("P")
T = TypeVar("T")

# What is no range of memory, or only names the lines of some.
_NOT_COUNTED = ("recognised", "diagnostics", "assumed")


def analyzed(text: bytes, options: Options, most_ranges: int) -> bytes:
    """The document as JSON. Raises what :func:`pfnscope.service.analyze` raises, and TooManyRanges."""
    return encode(documented(_read(text, most_ranges)[1], options))


def simulated(text: bytes, change: whatif.Change, options: Options, most_ranges: int) -> bytes:
    """The document of a changed command line as JSON. Raises what ``simulate`` raises, and TooManyRanges."""
    real = _judged(text, msgspec.structs.replace(options, kernel=None), most_ranges)
    return encode(whatif.simulated(real, change, options.kernel))


def placed(text: bytes, region: whatif.Region, options: Options, most_ranges: int) -> bytes:
    """Where a region can go, as JSON. Raises what ``place`` raises, and TooManyRanges."""
    return encode(whatif.placed(_judged(text, options, most_ranges), region)[1])


Keep = Literal["memory-lines", "everything"]


def kept(text: bytes, options: Options, keep: Keep, most_ranges: int) -> bytes:
    """What is stored of a text: its recognised lines, or everything. Raises like :func:`analyzed`."""
    log, reading = _read(text, most_ranges)
    chosen(reading, options)
    return text if keep == "everything" else keep_memory_lines(log, reading)


def kept_and_drawn(text: bytes, options: Options, keep: Keep, most_ranges: int) -> tuple[bytes, bytes]:
    """What :func:`kept` gives, and the drawing, packed, for the page that is shown next.

    Raises NothingToDraw for a text with a crash and without a layout.
    """
    log, reading = _read(text, most_ranges)
    answer = answered(reading, options)
    if {lane.key for lane in lanes(answer.today)} <= {"events"}:
        raise NothingToDraw(answer.today.verdict.severity, sentences(answer.today))
    return text if keep == "everything" else keep_memory_lines(log, reading), packed(answer)


def kept_and_reported(text: bytes, options: Options, keep: Keep, most_ranges: int) -> tuple[bytes, str]:
    """What :func:`kept` gives, and the text report."""
    log, reading = _read(text, most_ranges)
    report = render(documented(reading, options))
    return text if keep == "everything" else keep_memory_lines(log, reading), report


def drawn(text: bytes, options: Options, question: Question) -> bytes:
    """The drawing of a stored text, packed. Raises like :func:`pfnscope.service.whatif.ask`."""
    return packed(ask(text, options, question))


def _judged(text: bytes, options: Options, most_ranges: int) -> Analysis:
    return judged(_read(text, most_ranges)[1], options)


def _read(text: bytes, most_ranges: int) -> tuple[Text, Reading]:
    log = Text(text)
    reading = read(log)
    _refuse_many(reading.boots, most_ranges)
    return log, reading


def _refuse_many(boots: tuple[Any, ...], most: int) -> None:
    for boot in boots:
        facts = (getattr(boot, name) for name in boot.__struct_fields__ if name not in _NOT_COUNTED)
        count = sum(len(value) for value in facts if isinstance(value, tuple) and not isinstance(value[:1], str))
        if count > most:
            raise TooManyRanges(count, most)


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
    finally:
        gc.enable()


_POLITE = 19


LARGE = 256 << 10
"""Bytes of a text that takes long enough to draw that nobody should wait for it twice, or beside it."""


class Drawing(msgspec.Struct, frozen=True):
    """An answer with its scene, and the axes of its lanes that are not folded."""

    answer: Answer
    scene: Scene
    schematic: Axis
    scale: Axis


def scene_of(answer: Answer) -> Scene:
    """The layout, or with a change both layouts, and the possible starts of a region."""
    drawn = scene.simulated(answer.today, answer.changed) if answer.changed is not None else scene.of(answer.today)
    return scene.with_places(drawn, answer.places) if answer.places else drawn


def packed(answer: Answer) -> bytes:
    """The drawing of an answer, for :func:`unpacked`."""
    drawn = scene_of(answer)
    rows = shown(drawn, ()).lanes
    drawing = Drawing(answer, drawn, make("schematic", rows), make("scale", rows))
    return pack(drawing)


def unpacked(drawing: bytes) -> Drawing:
    """What :func:`packed` was given, drawn."""
    return unpack(drawing, Drawing)
