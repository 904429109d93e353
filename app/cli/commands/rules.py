"""``pfnscope rules``."""

from argparse import Namespace

from app.cli import options
from app.cli.parsing import Parser
from app.cli.streams import show


def configure(parser: Parser) -> None:
    """Its options."""
    options.form(parser, "text", "json")


def run(args: Namespace) -> None:
    """List the struct-page rules by kernel release, with their sources."""
    from app.report.rulebook import render, rules
    from app.service.analyzing import encode

    show(encode(rules()) if args.form == "json" else render(rules()).encode())
