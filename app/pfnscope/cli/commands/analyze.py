"""``pfnscope analyze``."""

from argparse import Namespace

from pfnscope.cli import parsing
from pfnscope.cli.common import assumed, hint, read, render, status
from pfnscope.cli.parsing import Parser
from pfnscope.cli.startup import take_time
from pfnscope.cli.terminal import WrongUsage, look, show, working


def configure(parser: Parser) -> None:
    """Its operands and options."""
    parser.operand("logs", "[FILE|-]...", nargs="*")
    parsing.layout_form(parser, "jsonl")
    parsing.assumptions(parser)
    parsing.fail_on(parser)
    parsing.look(parser)


def run(args: Namespace) -> int:
    """Report on the boot log FILE, or on standard input; with --format jsonl on many, a line each.

    Exit status: 0 analysed, 1 as bad as --fail-on says, 2 a FILE cannot be read, 3 no memory layout in it. Of many
    files, the first of 2, 3, 1 that any of them gives.
    """
    logs = args.logs or ["-"]
    if args.form == "jsonl":
        take_time()
        from pfnscope.cli.many import analyze_each

        return analyze_each(logs, assumed(args), args.fail_on)
    if len(logs) > 1:
        raise WrongUsage("more than one FILE needs --format jsonl")
    from pfnscope.service.analyzing import analyze

    text = read(logs[0])
    with working("analysing"):
        document = analyze(text, assumed(args)).document
    show(render(document, args.form, look(args.width, args.color), text))
    if args.form == "text":
        hint(document, args.boot)
    return status(document, args.fail_on)
