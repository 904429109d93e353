"""``python -m pfnscope``: the command."""

from pfnscope.cli.main import main

if __name__ == "__main__":  # a server's processes import this module, too
    main()
