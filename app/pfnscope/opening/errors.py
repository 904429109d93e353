"""Why a file is not opened: each cause its own kind and sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pfnscope.errors import ServiceError
from pfnscope.units import format_size

if TYPE_CHECKING:
    from pfnscope.opening.kinds import Kind

_NAMED = 5  # files that a refusal names with their reasons


class CannotOpen(ServiceError):
    """A file, archive or mail out of which no text comes; ``reason`` is a part of a sentence about it."""

    def __init__(self, message: str, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


class TooLarge(CannotOpen):
    """A text beyond the limit, in bytes, as it is or after unpacking."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        start = "Only the start of a boot log matters: head -c 20M FILE."
        size = format_size(limit)
        super().__init__(f"A log may have at most {size}, also after unpacking. {start}", f"larger than {size}")


class TooMuch(CannotOpen):
    """An archive that takes more memory or time than logs do; ``what`` says of what it has too much."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"The archive asks for too much: {what}.", what)


class TooDeep(CannotOpen):
    """Wrappings in wrappings, more of them than anybody packs on purpose."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"The log is wrapped more than {most} times, such as an archive in an archive in a mail: "
            "unpack it and send the log.",
            f"wrapped more than {most} times",
        )


class Damaged(CannotOpen):
    """A wrapping that is cut off or damaged, or takes too much memory to unpack."""

    def __init__(self, packing: str, why: str = "it is damaged or cut off") -> None:
        super().__init__(
            f"The log is packed with {packing}, but cannot be unpacked: {why}.", why.removeprefix("it is ")
        )


class DamagedDocument(Damaged):
    """A document that is cut off or damaged."""

    def __init__(self, what: str) -> None:
        CannotOpen.__init__(self, f"This {what} cannot be read: it is damaged or cut off.", "damaged or cut off")


class Encrypted(CannotOpen):
    """A wrapping for which a password would be needed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This {what} is encrypted with a password: unpack it and send the log.", "encrypted with a password"
        )


class NeedsLibrary(CannotOpen):
    """A kind of file for which the extra ``files`` has to be installed; ``for_clients``: a server's, who cannot."""

    def __init__(self, what: str) -> None:
        from pfnscope.extras import installing

        self.for_clients = f"This is {what}, which is not opened here: unpack it and send the log."
        super().__init__(
            f"This is {what}, for which a package is not installed: {installing('files')}",
            f"{what}, for which pfnscope[files] is needed",
        )


class NoLog(CannotOpen):
    """There is nothing about memory in it, however it is opened."""


class NotALog(NoLog):
    """A file of another kind, which the message names with what to do instead."""

    def __init__(self, kind: "Kind") -> None:
        self.kind = kind
        super().__init__(kind.sentence, kind.name)


class NoLogInside(NoLog):
    """An archive, mail or folder whose files say nothing about memory; ``files`` are their names with the reasons."""

    def __init__(self, name: str, files: Sequence[tuple[str, str]]) -> None:
        self.files = tuple(files)
        named = "; ".join(f"{name} ({reason})" for name, reason in files[:_NAMED])
        more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
        inside = f"{len(files):,} files" if len(files) > 1 else "one file" if files else "no file"
        super().__init__(
            f"No boot log is in {name or 'it'}, which has {inside}{f': {named}{more}' if files else ''}. "
            "Send the log itself, such as the output of `dmesg` soon after boot or `journalctl -k -b`.",
            "no boot log is in it",
        )


def beyond(data: bytes, limit: int) -> CannotOpen:
    """Why a file that begins with these bytes is not read, of which there are more than ``limit``."""
    from pfnscope.opening.kinds import kind_of  # few texts are so large

    kind = kind_of(data)
    return NotALog(kind) if kind else TooLarge(limit)
