"""Several files as one text that names them: before each stands a line as ``head`` and ``tail`` print it."""

from collections.abc import Iterable, Sequence

import msgspec

from pfnscope.bootlog.file_names import shown_name
from pfnscope.bootlog.text.decoding import DECODED, decode
from pfnscope.patterns import compiled

_PART = r"([A-Za-z]+#[0-9]+) Part([0-9]{1,4})\n"


class Part(msgspec.Struct, frozen=True):
    """A file that is read: its name in the report or archive, and its bytes, unpacked."""

    name: str
    data: bytes


class Unused(msgspec.Struct, frozen=True):
    """A file that is not read, and why, as the end of a sentence: ``a device``."""

    name: str
    reason: str


def assembled(parts: Sequence[Part], unused: Iterable[Unused] = ()) -> bytes:
    """One text of all parts in this order, each decoded by itself, behind its name; unused files are named at the end.

    Records of pstore that stand last part first are put in order. A single part without a name stays as it is.
    """
    left_out = [_line(item.name, f" not used: {_ended(item.reason)}") for item in unused]
    if len(parts) == 1 and not parts[0].name and not left_out:
        return parts[0].data
    texts = [_line(part.name) + _whole_lines(decode(part.data)) for part in _in_order(parts)]
    # a blank line in between, as head prints it: a soft line break at the end of a file joins nothing to a name
    return b"\n".join([*texts, b"".join(left_out)] if left_out else texts) + DECODED


def shown(name: str) -> str:
    """A name of a file as it stands in its line, without what would end it there."""
    return shown_name(name).replace("<==", "<--").strip() or "-"


def _line(name: str, behind: str = "") -> bytes:
    return f"==> {shown(name)} <=={behind}\n".encode()


def _ended(reason: str) -> str:
    """A reason at whose end no line goes on, as one would behind an equals sign."""
    return shown_name(" ".join(reason.split())).rstrip("= ") or "-"


def _whole_lines(text: bytes) -> bytes:
    return text if text.endswith(b"\n") or not text else text + b"\n"


def _in_order(parts: Sequence[Part]) -> list[Part]:
    """The parts, runs of records of one crash with the part that was written first, which has the log's end, last."""
    out: list[Part] = []
    run: list[Part] = []
    before: tuple[bytes | None, int] | None = None
    for part in parts:
        match = compiled(_PART).match(part.data[:64])
        heading = (match.group(1), int(match.group(2) or b"0")) if match else None
        if run and not (heading and before and heading[0] == before[0] and heading[1] > before[1]):
            out += reversed(run)
            run = []
        if heading is None:
            out.append(part)
        else:
            run.append(part)
        before = heading
    return out + run[::-1]
