"""Bytes or a path of whatever kind in, one text out: wrappings in wrappings, within one budget."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from os import PathLike
from typing import BinaryIO

import msgspec

from pfnscope.bootlog import read
from pfnscope.bootlog.text.searchable import START
from pfnscope.files import open_file, size
from pfnscope.opening import packing
from pfnscope.opening.assembly import Part, Unused, assembled, shown
from pfnscope.opening.budget import Budget, deeper
from pfnscope.opening.errors import CannotOpen, Damaged, Encrypted, NoLogInside, NotALog, TooLarge, TooMuch, beyond
from pfnscope.opening.folders import Folder
from pfnscope.opening.packing import LIMIT
from pfnscope.opening.pieces import Member, Piece
from pfnscope.opening.recognising import Format, Wrapping, begun_wrapping, format_of, is_text, wrapping_of
from pfnscope.opening.reports import Selection, selection
from pfnscope.units import format_size

_EAGER = 16 << 20  # bytes of an archive's first files that are unpacked together with the list of its names
_NAMED = 100  # files that are not read, by name


class File(msgspec.Struct, frozen=True):
    """A file that was met on the way: its text, or why it is not read, as the end of a sentence.

    ``encoded``: the reader could not have read it in its wrapping.
    """

    name: str
    data: bytes | None = None
    reason: str = ""
    error: CannotOpen | None = None
    encoded: bool = True


def opened(data: bytes, name: str = "", limit: int = LIMIT) -> bytes:
    """The text in a file's bytes: a log as it is, or the texts of all logs in what it is wrapped in.

    A log alone in its wrapping comes without any addition. Else a line ``==> NAME <==`` stands before each, and lines
    at the end name the files that are not read. ``limit`` is in bytes of text; ``name`` is the file's, for messages.
    Raises TooLarge, TooMuch, TooDeep, Damaged, Encrypted, NeedsLibrary and NoLog, all of them CannotOpen.
    """
    if is_wrapped(data):
        try:
            return _together(_Opening(limit).files(data, "", 0, alone=True), name)
        except NoLogInside:
            from pfnscope.opening.kinds import kind_of

            kind = kind_of(data)  # such as a workbook, which is an archive too
            if kind is None:
                raise
            raise NotALog(kind) from None
    if len(data) > limit:
        raise beyond(data, limit)
    return data


def opened_stream(stream: BinaryIO, name: str = "", limit: int = LIMIT) -> bytes:
    """The text in all that a stream gives, as :func:`opened`."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise beyond(data, limit)
    return opened(data, name, limit)


def opened_path(path: str | PathLike[str], limit: int = LIMIT, *, pipes: bool = False) -> bytes:
    """The text in a file, or in all files below a folder, as :func:`opened`; ``pipes`` as for ``open_file``.

    Links in a folder are not followed. A tar or zip may be larger than the limit: it is not read whole. Raises as
    :func:`opened`, and OSError where the file cannot be read.
    """
    where = os.fspath(path)
    if os.path.isdir(where):  # noqa: PTH112 - without pathlib, whose import takes 3 ms
        return _together(_Opening(limit).folder(Folder(where)), where)
    with open_file(where, pipes=pipes) as file:
        if size(file) <= limit:
            return opened_stream(file, where, limit)
        start = packing.beginning(file.read(START), START)
    form = format_of(start)
    if form not in ("tar", "zip"):
        raise beyond(start, limit)
    return _together(_Opening(limit).archive(form, partial(open_file, where)), where)


def is_wrapped(data: bytes) -> bool:
    """Whether :func:`opened` has something to open in these bytes."""
    return bool(packing.packing_of(data) or format_of(data) or wrapping_of(data))


def may_be_wrapped(data: bytes) -> bool:
    """Whether :func:`is_wrapped` may be true, by the first and last bytes alone."""
    return bool(packing.packing_of(data) or format_of(data) or begun_wrapping(data))


class _Opening:
    """One file that is opened with all that is in it."""

    def __init__(self, limit: int) -> None:
        self._budget = Budget(limit)
        self._unnamed = _NAMED

    def files(self, data: bytes, name: str, depth: int, *, alone: bool) -> list[File]:
        """The files in bytes of any kind. ``alone``: nothing is beside them, so they are read whatever they say."""
        try:
            return self._files(data, name, depth, alone)
        except CannotOpen as error:
            return [File(name, reason=error.reason, error=error)]

    def _files(self, data: bytes, name: str, depth: int, alone: bool) -> list[File]:
        while packing.packing_of(data):
            if format_of(packing.beginning(data)) == "tar":
                return self._archive("tar", partial(BytesIO, data), name, deeper(depth), alone)
            depth = deeper(depth)
            try:
                data = packing.unpacked(data, min(self._budget.limit, self._budget.left))
            except TooLarge as error:
                raise beyond(packing.beginning(data, START), error.limit) from None
            self._budget.unpacked(len(data))
        wrapping = wrapping_of(data)
        if wrapping:
            return self._wrapping(wrapping, data, name, deeper(depth), alone)
        form = format_of(data)
        if form:
            return self._archive(form, partial(BytesIO, data), name, deeper(depth), alone)
        return [self._text(data, name, alone)]

    def _text(self, data: bytes, name: str, alone: bool) -> File:
        """A file that is no wrapping; without ``alone`` it is read only where the reader recognises something."""
        if not alone:
            if not data.strip():
                return File(name, reason="empty")
            if not is_text(data):
                return File(name, reason=self._kind(data) or "not a text")
            if not self._budget.looks_at(len(data)):
                return File(name, reason=f"behind the {format_size(self._budget.limit)} that are looked at")
            if not read(data).seen:
                return File(name, reason=self._kind(data) or "nothing about memory in it")
        if not self._budget.keeps(len(data)):
            error = TooLarge(self._budget.limit)
            return File(name, reason=f"behind the {format_size(self._budget.limit)} that are read", error=error)
        return File(name, data)

    def _kind(self, data: bytes) -> str:
        """What a file is that is not read, as the end of a sentence; the library is asked of few of them."""
        from pfnscope.opening.kinds import formats_of_kernels, kind_of

        self._unnamed -= 1
        kind = kind_of(data) if self._unnamed >= 0 else formats_of_kernels(data[:START])
        return kind.name if kind else ""

    def _wrapping(self, kind: Wrapping, data: bytes, name: str, depth: int, alone: bool) -> list[File]:
        """The files in a mail, a document, or a text that encodes some."""
        pieces = list(_pieces(kind, data))
        alone = alone and len(pieces) == 1
        files: list[File] = []
        for piece in pieces:
            own = _joined(name, piece.name)
            if piece.data is None:
                files.append(File(own, reason=piece.reason))
                continue
            self._budget.unpacked(len(piece.data))
            encoded = piece.encoded or is_wrapped(piece.data)
            files += [
                msgspec.structs.replace(file, encoded=encoded)
                for file in self.files(piece.data, own, depth, alone=alone)
            ]
        read_as_it_stands = [file for file in files if file.data is not None]
        if kind in ("mails", "docx", "pdf") or any(file.encoded for file in read_as_it_stands or files):
            return files
        return [File(name, data)]

    def archive(self, form: Format, stream: Callable[[], BinaryIO]) -> list[File]:
        """The files of an archive, maybe a packed tar, that ``stream`` opens anew each time it is called."""
        return self._archive(form, stream, "", deeper(0), alone=True)

    def _archive(self, form: Format, stream: Callable[[], BinaryIO], name: str, depth: int, alone: bool) -> list[File]:
        """The files of an archive, those that are read of a report before the others."""
        from pfnscope.opening.archives import members

        most, limit, early = self._budget.left, self._budget.limit, 0

        def at_once(_: str, size: int) -> bool:
            nonlocal early
            early += size
            return early <= _EAGER

        listed: list[Member] = []
        ended: list[File] = []
        try:
            with stream() as file:
                for member in members(form, file, limit, most, at_once):
                    listed.append(member)
                    self._budget.unpacked(member.size or 0)
        except CannotOpen as error:
            if not listed:
                raise
            ended.append(File(_joined(name, "the rest of the archive"), reason=error.reason, error=error))
        names = [member.name for member in listed if member.kind != "link"]
        chosen, sure = _chosen(names)
        used = set(chosen.used)
        missing = {
            member.name
            for member in listed
            if member.data is None and not member.problem and (not sure or member.name in used)
        }
        known = set(names)
        several = {own for own in known if f"{own} (2)" in known} if missing else set()

        def all_members() -> Iterator[Member]:
            yield from (member for member in listed if member.name not in missing)
            if missing:
                with suppress(CannotOpen), stream() as file:  # what ended the list is known
                    for member in members(form, file, limit, most, lambda own, _: own in missing | several):
                        if member.name in missing:
                            yield member

        alone = alone and len(listed) == 1
        by_name = {
            member.name: self._member(
                form, member, _joined(name, chosen.shown(member.name)), depth, alone=alone or sure
            )
            for member in all_members()
            if not sure or member.name in used
        }
        lost = [File("", reason="damaged or cut off")]
        files = [file for own in chosen.used for file in by_name.get(own, lost)]
        links = [(member.name, "a link or device") for member in listed if member.kind == "link"]
        left_out = [*chosen.unused, *_counted(links, sure=sure)]
        return [*files, *(File(_joined(name, chosen.shown(own)), reason=why) for own, why in left_out), *ended]

    def _member(self, form: str, member: Member, name: str, depth: int, *, alone: bool) -> list[File]:
        """The files in a member of an archive."""
        if member.problem:
            error = _error(form, member, self._budget.limit)
            return [File(name, reason=error.reason if error else member.reason, error=error)]
        return self.files(member.data or b"", name, depth, alone=alone)

    def folder(self, folder: Folder) -> list[File]:
        """The files below a folder, those that are read of a report before the others."""
        chosen, sure = _chosen(folder.names)
        alone = sure or len(folder.names) == 1
        # of a report the running boot's log and its files stand last: they come before others where not all can be read
        order = reversed(chosen.used) if sure else chosen.used
        by_name = {own: self._file(folder, own, chosen.shown(own), alone=alone) for own in order}
        files = [file for own in chosen.used for file in by_name[own]]
        left_out = [*chosen.unused, *_counted(folder.refused, sure=sure)]
        return files + [File(chosen.shown(name), reason=why) for name, why in left_out]

    def _file(self, folder: Folder, own: str, name: str, *, alone: bool) -> list[File]:
        """The files in a file of a folder."""
        try:
            data = folder.read(own, min(self._budget.limit, self._budget.left))
        except OSError as error:
            return [File(name, reason=f"cannot be read: {error.strerror}")]
        except CannotOpen as error:
            return [File(name, reason=error.reason, error=error)]
        self._budget.unpacked(len(data))
        return self.files(data, name, 1, alone=alone)


def _chosen(names: Sequence[str]) -> tuple[Selection, bool]:
    """What is read, in its order, and whether that is sure, as of a report; of others those that say something."""
    chosen = selection(names)
    return (Selection(tuple(names)), False) if chosen is None else (chosen, True)


def _counted(links: list[tuple[str, str]], *, sure: bool) -> list[tuple[str, str]]:
    """Links and special files, each with the reason; those of a report, in which no log is missed, as one line."""
    many = "link or special file" if len(links) == 1 else "links and special files"
    return [(f"{len(links):,} {many}", "not followed")] if sure and links else links


def _pieces(kind: Wrapping, data: bytes) -> Iterator[Piece]:
    if kind in ("mail", "mails"):
        from pfnscope.opening.mails import of_mails

        return of_mails(data)
    if kind in ("docx", "pdf"):
        from pfnscope.opening import documents

        return documents.of_docx(data) if kind == "docx" else documents.of_pdf(data)
    from pfnscope.opening import encoded

    return {"json": encoded.of_json, "apport": encoded.of_apport, "base64": encoded.of_base64}[kind](data)


def _error(form: str, member: Member, limit: int) -> CannotOpen | None:
    """What a refusal of the whole says, where each of its files is refused for this."""
    match member.kind:
        case "encrypted":
            return Encrypted(f"{form} archive")
        case "too-large":
            return beyond(member.start, limit)
        case "damaged":
            return Damaged(form, member.reason)
        case _:
            return None


def _joined(outer: str, name: str) -> str:
    return f"{outer}/{name}" if outer and name else outer or name


def _together(files: Sequence[File], name: str) -> bytes:
    """One text of all files that are read. Raises what kept them from being read where there are none."""
    used = [file for file in files if file.data is not None]
    if not used:
        errors = [file.error for file in files if file.error]
        too_much = next((error for error in errors if isinstance(error, TooMuch)), None)
        if too_much:
            raise too_much
        if errors and len(errors) == len(files) and len({type(error) for error in errors}) == 1:
            raise errors[0]
        raise NoLogInside(name, [(shown(file.name), file.reason) for file in sorted(files, key=_rank)])
    if len(files) == 1 and used[0].data is not None:
        return used[0].data
    names = dict(zip(map(id, files), _short([file.name for file in files]), strict=True))
    unused = [Unused(names[id(file)], file.reason) for file in sorted(files, key=_rank) if file.data is None]
    if len(unused) > _NAMED:
        unused[_NAMED:] = [Unused(f"{len(unused) - _NAMED:,} more files", "not named here")]
    return assembled([Part(names[id(file)], file.data or b"") for file in used], unused)


def _rank(file: File) -> bool:
    """Those that could not be opened come before those in which there is nothing."""
    return file.error is None


def _short(names: list[str]) -> list[str]:
    """Names without the folder that all are in."""
    names = [name.removeprefix("./") for name in names]
    while True:
        tops = {name.partition("/")[:2] for name in names}
        if len(tops) != 1 or not (top := next(iter(tops)))[1]:
            return names
        names = [name[len(top[0]) + 1 :] for name in names]
