"""The command, killed as by its machine between the commit of a deletion and the checkpoint that follows."""

import os
import signal
from unittest.mock import patch

from pfnscope.cli.main import main
from pfnscope.storage import LayoutStore

_delete = LayoutStore.delete


def killed(*_: object) -> None:
    """In place of the checkpoint."""
    os.kill(os.getpid(), signal.SIGKILL)


def delete(store: LayoutStore, layout_id: str) -> None:
    """A deletion that does not come to its end."""
    with patch("pfnscope.storage.sql.empty_log", killed):
        _delete(store, layout_id)


if __name__ == "__main__":
    with patch.object(LayoutStore, "delete", delete):
        main()
