"""The only module that finds words in a text: Aho-Corasick, linear time, on bytes.

Whatever takes its place has to offer :class:`Words`.
"""

from collections.abc import Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation

_WINDOW = 1 << 16  # bytes that are searched at once, so that a text of nothing but words makes no endless list


class Words:
    """Several words, none of them empty, to be found all at once."""

    def __init__(self, words: Sequence[bytes]) -> None:
        self._automaton = BytesAhoCorasick(words, implementation=Implementation.ContiguousNFA)
        self._longest = max(map(len, words))

    def within(self, text: bytes) -> set[int]:
        """The indices of all words that a short text holds."""
        return {hit[0] for hit in self._automaton.find_matches_as_indexes(text, overlapping=True)}

    def places(self, text: bytes) -> Iterator[tuple[int, int]]:
        """All words of a text and of the newline in front of it, by the place of their ends.

        Each is the index of the word, and the offset of its last byte.
        """
        before = b"\n"
        for begin in range(0, len(text), _WINDOW):
            window = before + text[begin : begin + _WINDOW + self._longest]
            for word, first, behind in self._automaton.find_matches_as_indexes(window, overlapping=True):
                if first < _WINDOW:
                    yield word, begin + behind - 2
            before = text[begin + _WINDOW - 1 : begin + _WINDOW]
