"""Options that several commands have."""

from pfnscope.cli.parsing import Parser, Whole

FORMATS = ("text", "json", "markdown", "svg", "png", "csv", "html")


def form(parser: Parser, *names: str) -> None:
    """``--format`` with the forms that a command has, the first its default."""
    parser.option("--format", dest="form", choices=names, default=names[0], help="Form of the report.")


def kernel(parser: Parser) -> None:
    """``--kernel``."""
    parser.option("--kernel", metavar="RELEASE", help="Assume this kernel release.")


def assumptions(parser: Parser) -> None:
    """``--kernel``, ``--arch`` and ``--boot``."""
    kernel(parser)
    parser.option("--arch", metavar="ARCH", help="Assume this architecture.")
    parser.option("--boot", type=Whole(), metavar="N", help="Which boot of the text, from 1.")


def fail_on(parser: Parser) -> None:
    """``--fail-on``."""
    parser.option("--fail-on", choices=("danger", "caution", "info"), help="Exit 1 at this severity or worse.")


def look(parser: Parser) -> None:
    """``--width`` and ``--color`` of the commands that print text."""
    parser.option(
        "--width",
        type=Whole(72, 1000),  # from pfnscope.report.plain.NARROWEST, which costs an import
        metavar="COLUMNS",
        help="Columns of the text: the terminal's, or 80; 72 for mail.",
    )
    parser.option(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="Colours: on a terminal, always (as for less -R), or never.",
    )


def root(parser: Parser) -> None:
    """``--root`` of the commands about a running machine."""
    parser.option(
        "--root",
        metavar="DIR",
        default="/",
        help="Take /proc, /sys and /dev from below DIR, such as a host's in a container.",
    )
