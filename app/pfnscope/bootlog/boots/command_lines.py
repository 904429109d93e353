"""Which of the command lines that a boot prints its arguments about memory were taken from.

x86-64 prints "Command line:" as the boot loader gave it. Only then CONFIG_CMDLINE is added, or takes its place, and so
is a bootconfig that is built in; "Kernel command line:" has all of it. A bootconfig that is read later comes too late
for early parameters, which all that change memory are.

Sources: setup_arch() in arch/x86/kernel/setup.c, 6.12.117 and 7.3-rc; setup_boot_config() and setup_command_line() in
init/main.c, 5.6 to 7.3-rc.
"""

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.records import merged
from pfnscope.kernel.command_line import arguments
from pfnscope.kernel.map_arguments import map_operations
from pfnscope.model.ranges import Lines

_QUOTES = str.maketrans("", "", "\"'")


def command_line_in_force(draft: Draft) -> tuple[str | None, Lines]:
    """The command line and its lines; where the two differ, the draft gets a remark."""
    passed = next((command.text for command, _ in draft.command_lines if command.passed), None)
    whole = next((command.text for command, _ in draft.command_lines if not command.passed), None)
    if passed is None or whole is None:
        text = passed if whole is None else whole
    elif _alike(passed, whole):
        text = max(passed, whole, key=lambda text: len(_bare(text)))
    else:
        text = passed if draft.bootconfig and _comes_late(draft, passed, whole) else whole
        _remark(draft, passed, whole, late=text == passed)
    lines: Lines = ()
    if text is not None:
        bare = _bare(text)
        for command, where in draft.command_lines:
            if command.text == text or _same(_bare(command.text), bare):
                lines = merged(lines, where)
    return text, lines


def _bare(text: str) -> str:
    return "".join(text.split()).translate(_QUOTES)


def _alike(one: str, other: str) -> bool:
    """Whether two texts are one command line: apart from blanks and quotes, and as far as a cut line goes."""
    return _same(_bare(one), _bare(other))


def _same(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def _comes_late(draft: Draft, passed: str, whole: str) -> bool:
    """Whether what stands in front of the boot loader's was read too late, as far as a user-defined map tells."""
    if not _bare(whole).endswith(_bare(passed)):
        return False
    return not draft.values("user_map") or bool(map_operations(arguments(passed), None)[0])


def _remark(draft: Draft, passed: str, whole: str, *, late: bool) -> None:
    had = {argument.text for argument in arguments(passed)}
    added = " ".join(argument.text for argument in arguments(whole) if argument.text not in had)
    if late:
        message = f"A bootconfig adds “{added}”, too late for arguments about memory; the boot loader's are in force."
    elif added:
        message = f"The kernel adds “{added}” to what the boot loader gave it, and runs with its “Kernel command line”."
    else:
        message = "The kernel leaves out arguments of the boot loader, and runs with its “Kernel command line”."
    where = next(lines for command, lines in draft.command_lines if command.text == whole)
    draft.complain("info", "command-line-differs", message, where, None)
