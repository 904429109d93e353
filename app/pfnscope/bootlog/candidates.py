"""The lines that hold a trigger, and the forms that a message can have.

A trigger is a word, or an RE2 fragment with words set off by ``«»``, one of which every match of it holds. In the first
text of a process the words show where to try which fragment. One pattern of all triggers at once is faster by far once
it is compiled, but that takes longer than most logs take to read.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from pfnscope.bootlog.forms import FORMS
from pfnscope.bootlog.words import Words
from pfnscope.patterns import Choice, Pattern, escape

_BEYOND = 64  # bytes of the next line that a fragment may match, for a line that a mailer broke
_PAYS = 1 << 20  # bytes that a process has to read before one pattern of all triggers is worth compiling

Line = tuple[int, int]
"""Offsets of the first byte of a line, and of its end."""


def words(trigger: str) -> list[str]:
    """The words of a trigger."""
    return trigger.replace("»", "«").split("«")[1::2] if "«" in trigger else [trigger]


def fragment(trigger: str) -> str:
    """A trigger as RE2; a word that begins with a newline matches at the beginning of a line."""
    parts = trigger.replace("»", "«").split("«") if "«" in trigger else ["", trigger]
    parts[1::2] = [f"(?m:^){escape(word[1:])}" if word[0] == "\n" else escape(word) for word in parts[1::2]]
    return "".join(parts)


class _Trigger:
    """A trigger, compiled on first use: a log holds the words of few."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pattern: Pattern | None = None

    def begins_in(self, line: bytes, stop: int) -> bool:
        """Whether it begins before ``stop`` in a text that holds a word of it there."""
        if self._pattern is None:
            if "«" not in self._text:
                return True
            self._pattern = Pattern(fragment(self._text))
        return 0 <= self._pattern.find(line) < stop


class _Index:
    """All words of all forms, with the triggers and the forms that each stands for."""

    def __init__(self) -> None:
        triggers: dict[str, _Trigger] = {}
        by_word: dict[str, tuple[dict[_Trigger, None], dict[int, None]]] = {}
        for index, form in enumerate(FORMS):
            for text in form.triggers:
                trigger = triggers.get(text) or triggers.setdefault(text, _Trigger(text))
                for word in words(text):
                    of_word = by_word.get(word) or by_word.setdefault(word, ({}, {}))
                    of_word[0][trigger] = of_word[1][index] = None
        self.words = Words([word.encode("latin-1") for word in by_word])
        self.triggers = [of_word[0] for of_word in by_word.values()]
        self.forms = [tuple(of_word[1]) for of_word in by_word.values()]
        self.bytes_read = 0


@cache
def _index() -> _Index:
    return _Index()


@cache
def _scanner() -> Pattern:
    """All triggers at once."""
    return Pattern("|".join(sorted({fragment(text) for form in FORMS for text in form.triggers})))


@cache
def _choice() -> Choice:
    """All forms at once."""
    return Choice(form.pattern for form in FORMS)


def forms_of(message: bytes) -> Sequence[int]:
    """Indices of the forms that a message can have, ascending; no other form matches it."""
    index = _index()
    if index.bytes_read >= _PAYS:
        return _choice().of(message)
    held = index.words.within(message)
    if len(held) == 1:
        return index.forms[held.pop()]
    return tuple(sorted({form for word in held for form in index.forms[word]}))


class Candidates:
    """All lines in which a trigger begins, in order; those in front of the offset ``at`` may be left out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def __iter__(self) -> Iterator[Line]:
        """One pass."""
        index = _index()
        index.bytes_read += len(self._data)
        return _lines_by_words(self._data) if index.bytes_read < _PAYS else self._lines_by_scanner()

    def _lines_by_scanner(self) -> Iterator[Line]:
        scanner, data = _scanner(), self._data
        while self.at <= len(data) and (hit := scanner.find(data, self.at)) >= 0:
            start = data.rfind(b"\n", 0, hit) + 1
            end = data.find(b"\n", hit)
            end = len(data) if end < 0 else end
            self.at = end + 1
            yield start, end


def lines_with_triggers(data: bytes) -> Iterator[Line]:
    """All lines in which a trigger begins, in order."""
    return iter(Candidates(data))


def _lines_by_words(data: bytes) -> Iterator[Line]:
    index = _index()
    triggers, hits = index.triggers, index.words.places(data)
    hit, start = next(hits, None), 0
    while hit is not None:
        start = data.rfind(b"\n", start, hit[1]) + 1 or start
        end = data.find(b"\n", hit[1])
        end = len(data) if end < 0 else end
        tried: dict[_Trigger, None] = {}
        while hit is not None and hit[1] < end:
            tried.update(triggers[hit[0]])
            hit = next(hits, None)
        line = data[start - 1 : end + _BEYOND] if start else b"\n" + data[: end + _BEYOND]
        if any(trigger.begins_in(line, end - start + 1) for trigger in tried):
            yield start, end
        start = end
