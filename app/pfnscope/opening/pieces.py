"""What an archive, a mail, a document or a program's file has inside."""

from typing import Literal

import msgspec


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a wrapping. ``encoded``: the reader could not read it as it stands there.

    Without ``data``, ``reason`` says why, as the end of a sentence.
    """

    name: str
    data: bytes | None = None
    encoded: bool = True
    reason: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A file in an archive: its bytes, or the sentence ``problem`` that says why there are none.

    ``kind`` of the problem is for programs. Without either it is one that was not wanted. ``mark`` changes when a
    file without bytes does; ``size`` is in bytes as stored in the archive. ``start`` are the first bytes of one that is
    too large.
    """

    name: str
    data: bytes | None = None
    size: int | None = None
    mark: str | None = None
    problem: str = ""
    start: bytes = b""
    kind: Literal["", "too-large", "damaged", "link", "encrypted"] = ""

    @property
    def reason(self) -> str:
        """The problem as the end of a sentence."""
        return self.problem[:1].lower() + self.problem[1:].rstrip(".")
