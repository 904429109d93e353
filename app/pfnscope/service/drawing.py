"""A layout with what is asked of it, drawn; packed so that a process can make it for another."""

import msgspec

from pfnscope.drawing import scene
from pfnscope.drawing.axis import Axis, make
from pfnscope.drawing.scene import Scene
from pfnscope.model.encoding import pack, unpack
from pfnscope.service.asking import Answer

LARGE = 256 << 10
"""Bytes of a text that takes long enough to draw that nobody should wait for it twice, or beside it."""


class Drawing(msgspec.Struct, frozen=True):
    """An answer with its scene, and the axes of that."""

    answer: Answer
    scene: Scene
    schematic: Axis
    scale: Axis


def scene_of(answer: Answer) -> Scene:
    """Today's layout, or with a change both, and possible starts where they were asked for."""
    drawn = scene.simulated(answer.today, answer.changed) if answer.changed is not None else scene.of(answer.today)
    return scene.with_places(drawn, answer.places) if answer.places else drawn


def packed(answer: Answer) -> bytes:
    """The drawing of an answer, for :func:`unpacked`."""
    drawn = scene_of(answer)
    drawing = Drawing(answer, drawn, make("schematic", drawn.lanes), make("scale", drawn.lanes))
    return pack(drawing)


def unpacked(drawing: bytes) -> Drawing:
    """What :func:`packed` was given, drawn."""
    return unpack(drawing, Drawing)
