"""Patterns over bytes: what is replaced, what is only looked at, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfnscope.patterns import Choice, Match, Pattern, compiled, escape

TEXTS = st.lists(st.sampled_from([b"a", b"b", b"\n", b"\xff", b"\\", b"1"]), max_size=30).map(b"".join)


def upper(match: Match) -> bytes:
    return (match.group() or b"").upper()


@given(TEXTS, st.sampled_from(["a+", "(?:ab)+", r"\xff|b", r"(?m:^)a", r"(?m)b+$", "[0-9]a?"]))
def test_substitution_replaces_what_pythons_own_would(text: bytes, pattern: str) -> None:
    python = re.compile(pattern.encode("latin-1"))
    assert compiled(pattern).sub(b"<>", text) == python.sub(b"<>", text)
    assert compiled(pattern).sub(upper, text) == python.sub(lambda match: match[0].upper(), text)


@pytest.mark.parametrize(
    ("text", "replaced"), [(b'"a","b","","c"', b'"a"|"b"|""|"c"'), (b'",",","', b'"|"|"|"'), (b'","', b'"|"')]
)
def test_what_stands_behind_a_replaced_group_can_begin_the_next_match(text: bytes, replaced: bytes) -> None:
    assert compiled('"(,)"').sub(b"|", text, group=1) == replaced


def test_a_text_without_a_match_is_the_same_object() -> None:
    text = b"nothing"
    assert compiled("x").sub(b"", text) is text


@given(st.text(st.characters(max_codepoint=255), max_size=12))
def test_an_escaped_text_matches_itself_alone(text: str) -> None:
    assert compiled(escape(text)).fullmatch(text.encode("latin-1"))
    assert not compiled(escape(text)).fullmatch(text.encode("latin-1") + b"x")


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a**"])
def test_what_can_backtrack_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Pattern(pattern)
    with pytest.raises(ValueError, match=r".+"):
        Choice([pattern])
