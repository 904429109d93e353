"""``python -m pfnscope``: the command."""

from pfnscope.cli.main import main

main()
