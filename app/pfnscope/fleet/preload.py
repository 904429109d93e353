"""What Dask runs first in each worker process of this machine."""

import signal


def dask_setup(_: object) -> None:
    """Leave Ctrl-C, which a terminal sends to all of its processes, to the command: it ends the workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
