"""The files below a folder, by name and without following links."""

import os
import stat

from pfnscope.files import kind_of, open_file
from pfnscope.opening.budget import MOST_FILES
from pfnscope.opening.errors import TooMuch, beyond


class Folder:
    """What is below a folder: the ``names`` of its files, and what is ``refused``, each with the reason."""

    def __init__(self, where: str) -> None:
        """Raises OSError where the folder cannot be listed, TooMuch for more files than anybody packs."""
        self._where = where
        self.names: list[str] = []
        self.refused: list[tuple[str, str]] = []
        stack = [""]
        while stack:
            at = stack.pop()
            stack += reversed(self._list(at))

    def _list(self, at: str) -> list[str]:
        """Take the files of one folder; its folders are the answer."""
        folders = []
        try:
            with os.scandir(os.path.join(self._where, at)) as entries:  # noqa: PTH118 - start-up time
                for entry in sorted(entries, key=lambda entry: entry.name):
                    name = f"{at}/{entry.name}" if at else entry.name  # by which reports know their files
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(name)
                    elif stat.S_ISREG(status.st_mode):
                        self.names.append(name)
                    else:
                        self.refused.append((name, "a link" if entry.is_symlink() else kind_of(status)))
        except OSError as error:
            if not at:
                raise
            self.refused.append((at, f"cannot be listed: {error.strerror}"))
        if len(self.names) + len(self.refused) + len(folders) > MOST_FILES:
            raise TooMuch(f"more than {MOST_FILES:,} files")
        return folders

    def read(self, name: str, limit: int) -> bytes:
        """A file's bytes, packed as it is. Raises OSError, TooLarge, NotALog."""
        with open_file(os.path.join(self._where, name)) as file:  # noqa: PTH118
            data = file.read(limit + 1)
        if len(data) > limit:
            raise beyond(data, limit)
        return data
