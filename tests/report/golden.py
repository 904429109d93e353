"""The text reports of all examples as files. Read the difference before you commit it.

usage: python -m tests.report.golden
"""

from pathlib import Path

from app.report.plain import Look
from app.report.text import render
from app.service import analyze
from tests.support.samples import SLUGS, text

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (72, 80, 120)


def reports() -> dict[str, str]:
    """Name and content of every file: three widths as mails and pipes get them, one as a terminal does."""
    found = {}
    for slug in SLUGS:
        document = analyze(text(slug)).document
        for width in WIDTHS:
            found[f"{slug}-{width}.txt"] = render(document, Look(width))
        found[f"{slug}-unicode.txt"] = render(document, Look(80, unicode=True))
    return found


def main() -> None:
    """Write the files anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for name, content in reports().items():
        (FOLDER / name).write_text(content)


if __name__ == "__main__":
    main()
