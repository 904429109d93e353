"""A text without a release shows every mechanism's outcome; a release, own or asked for, is judged alone."""

from collections.abc import Callable

import pytest

from pfnscope.formats import markdown, text
from pfnscope.kernel.rules import describe_releases, rules_on
from pfnscope.model.document import Document
from pfnscope.report.plain import Look
from pfnscope.service import Options, analyze
from tests.support.samples import text as sample

SEED = sample("seed-1g-4g").replace(b"BOOT_IMAGE=/vmlinuz-4.17.0-rc6-mm1 ", b"")  # that names a release, too
WITHOUT = b"".join(
    line for line in SEED.splitlines(True) if b"Linux version" not in line and b"unavailable" not in line
)


def document(data: bytes, kernel: str | None = None) -> Document:
    return analyze(data, Options(kernel=kernel)).document


@pytest.mark.parametrize("render", [lambda judged: text.render(judged, Look(300)), markdown.render])
def test_without_a_release_every_mechanism_stands_beside_the_others(render: Callable[[Document], str]) -> None:
    said = render(document(WITHOUT)).replace("\\", "")
    assert all(describe_releases(rule, "x86_64") in said for rule in rules_on("x86_64"))


def test_a_release_that_is_asked_for_is_judged_alone_and_marked() -> None:
    judged = document(WITHOUT, "4.17")
    assert "release" in judged.kernel.assumed
    assert judged.rule
    assert (judged.rule.id, judged.rule.basis) == ("raw-memmap", "assumed")
    assert "on each release" not in text.render(judged)
    assert [era.rule for era in judged.eras if era.current] == ["raw-memmap"]
