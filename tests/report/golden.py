"""The text reports of all examples as files, and answers about some of them. Read the difference before you commit it.

usage: python -m tests.report.golden
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pfnscope.formats import text
from pfnscope.formats.compared import compared_text
from pfnscope.formats.places import placed_text
from pfnscope.report.plain import Look
from pfnscope.service import analyze
from pfnscope.service.places import Reservation, placed_beside
from pfnscope.service.whatif import Change, simulated_beside
from tests.support import samples

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (72, 80, 120)

Rendered = Callable[[Look], str]


def reports() -> dict[str, str]:
    """Name and content of every file: three widths as mails and pipes get them, one as a terminal does."""
    files = {}
    for name, rendered in [*_analysed(), *_compared(), *_simulated(), *_placed()]:
        for width in WIDTHS:
            files[f"{name}-{width}.txt"] = rendered(Look(width))
        files[f"{name}-unicode.txt"] = rendered(Look(80, unicode=True))
    return files


def _analysed() -> Iterator[tuple[str, Rendered]]:
    for slug in samples.SLUGS:
        yield slug, partial(text.render, analyze(samples.text(slug)).document)


def _compared() -> Iterator[tuple[str, Rendered]]:
    """A changed command line, another release, another machine, and no difference."""
    for one, other in (
        ("seed-no-memmap", "seed-1g-4g"),
        ("oops-1g-4g", "fixed-1g-4g"),
        ("uneven-nodes", "movable-nodes"),
        ("odd-size", "odd-size"),
    ):
        both = [analyze(samples.text(slug)).document for slug in (one, other)]
        yield f"compare-{one}-{other}", partial(compared_text, both)


def _simulated() -> Iterator[tuple[str, Rendered]]:
    """The question of 2018, a mistake in an argument, and no change."""
    for name, append in (("1g-4g", "memmap=1G!4G"), ("mistake", "memmap=64M@1G,foo"), ("nothing", "")):
        today, changed = simulated_beside(samples.text("seed-no-memmap"), Change(append=append))
        yield f"simulate-{name}", partial(text.render, changed, today=today)


def _placed() -> Iterator[tuple[str, Rendered]]:
    """Safe and unsafe places, and none at all."""
    for slug, size in (("seed-no-memmap", "1G"), ("uneven-nodes", "256M"), ("odd-size", "1T")):
        yield (
            f"place-{size.lower()}-{slug}",
            partial(placed_text, *placed_beside(samples.text(slug), Reservation(size))),
        )


def main() -> None:
    """Write the files anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for name, content in reports().items():
        (FOLDER / name).write_text(content)


if __name__ == "__main__":
    main()
