"""The commands that README and the pages of docs/ show, with the output that stands below some of them."""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ANYTHING = "…"


class Command(msgspec.Struct, frozen=True):
    """A line behind ``$``, without its comment, and the lines up to the next one."""

    page: str
    line: str
    shown: tuple[str, ...]

    def shows(self, printed: str) -> bool:
        """Whether the page shows what was printed; ``…`` stands for anything, also for many lines."""
        shown = "\n".join(line.rstrip() for line in self.shown)
        pattern = ".*?".join(re.escape(part) for part in shown.split(_ANYTHING))
        return re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.splitlines()), re.DOTALL) is not None


def blocks(page: str, kind: str) -> list[str]:
    """The fenced blocks of one language."""
    return [body for language, body in _BLOCK.findall((ROOT / page).read_text()) if language == kind]


def commands(page: str) -> list[Command]:
    """Every command of a page, in order."""
    commands: list[Command] = []
    for block in blocks(page, "console"):
        parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
        assert parts[0] == "", f"{page}: a block of commands begins with one"
        for part in parts[1:]:
            line, *shown = part.rstrip("\n").split("\n")
            commands.append(Command(page, re.split(r"\s+# ", line)[0], tuple(shown)))
    return commands
