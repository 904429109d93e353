"""Names that say whose machine a log is of, replaced by numbered ones in what is shared; nothing that is read changes.

Host names in front of kernel messages, in journal records, on the command line and in names of files, such as that of a
report, the host that a kernel was built on, UUIDs, and what else may be a name in places where people name things.
Addresses and numbers stay.
"""

from collections.abc import Callable, Iterable

from pfnscope.bootlog.name_words import renamed
from pfnscope.bootlog.text.prefix import SENDER, STAMPED_SENDER
from pfnscope.patterns import Match, compiled

_HOST = r"[A-Za-z0-9_][\w.\-]*"
_REPORTED = r"[A-Za-z0-9][\w.\-]{0,250}?"
_HEX = "[0-9a-fA-F]"
_REPLACEMENT = r"\b((?:host|uuid|name)-[0-9]+)\b"
_UUID = rf"\b({_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}|{_HEX}{{32}})\b"
_VOLUME = r"\b(?:PART)?UUID=([0-9a-fA-F\-]{4,})"
_NAMED = (
    rf"Linux version [^ \n]{{1,200}} \([^\n()]{{0,200}}@\[?({_HOST})[^()\n]{{0,200}}[()]",
    rf'"_?(?:HOSTNAME|hostname|host)" *: *"({_HOST})"',
    rf"\b_HOSTNAME=({_HOST})",
    rf"\b(?:systemd\.)?hostname=({_HOST})",
    rf"\bip=[^ :\n]*:[^ :\n]*:[^ :\n]*:[^ :\n]*:({_HOST})",  # Documentation/admin-guide/nfs/nfsroot.rst
    rf"\bnfsroot=({_HOST}):",
    rf"\bsosreport-({_REPORTED})-(?:[0-9A-Za-z]{{5,40}}-)?[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\b",  # sos
    rf"\b(?:scc|nts)_({_REPORTED})_[0-9]{{6}}_[0-9]{{4}}",  # supportconfig
)
_FILE = r"(?m)^==> ([^\n]+) <=="
_WORDS = "[A-Za-z0-9]+(?:--[A-Za-z0-9]+)*"
_MOST_PARTS = 8  # of a host name with dashes
# Distributions name volumes after the host: root=/dev/mapper/name--vg-root.
_VOLUMES = r"(?i)\b(?:root|resume|rd\.lvm\.lv|rd\.lvm\.vg|swap)=([^ \n]+)"


def without_names(text: bytes, hosts: Iterable[str], learned_prefix: Callable[[bytes], int]) -> bytes:
    """A decoded text with ``host-1``, ``uuid-1`` and so on in place of names; ``hosts`` are those of log daemons.

    ``learned_prefix`` as of ``Text``. Done again it changes nothing.
    """
    numbers = _Numbers(text)
    known = {name.encode() for name in hosts if not _is_address(name)}

    def sender(match: Match) -> bytes:
        name = match.group(1) or b""
        return numbers.of("host", name) if name in known else name

    for pattern in (f"(?m){SENDER}", STAMPED_SENDER):
        text = compiled(pattern).sub(sender, text, 1)
    for pattern in _NAMED:
        text = compiled(pattern).sub(lambda match: numbers.of("host", match.group(1) or b""), text, 1)
    text = compiled(_FILE).sub(lambda match: numbers.in_file(match.group(1) or b""), text, 1)
    text = compiled(_VOLUMES).sub(lambda match: numbers.in_words(match.group(1) or b""), text, 1)
    for pattern in (_UUID, _VOLUME):
        text = compiled(pattern).sub(lambda match: numbers.of("uuid", match.group(1) or b""), text, 1)
    return renamed(text, learned_prefix, numbers.of_word)


def _is_address(name: str) -> bool:
    return name.replace(".", "").isdigit() or ":" in name


class _Numbers:
    """The replacement of each name, by kind in the order in which they come up."""

    def __init__(self, text: bytes) -> None:
        self._taken = {match.group(1) for match in compiled(_REPLACEMENT).finditer(text)}
        self._by_name: dict[tuple[str, bytes], bytes] = {}
        self._last: dict[str, int] = {}

    def of(self, kind: str, name: bytes) -> bytes:
        """What stands for a name; what looks like a replacement is one already."""
        if name == b"localhost" or compiled(_REPLACEMENT).fullmatch(name):
            return name
        known = self._by_name.get((kind, name))
        if known is None:
            known = self._by_name[kind, name] = self._next(kind)
        return known

    def of_word(self, word: bytes) -> bytes:
        """What stands for a word, which may be a host that is known."""
        return self._by_name.get(("host", word)) or self.of("name", word)

    def in_words(self, path: bytes) -> bytes:
        """The path of a volume with hosts replaced that are words of it; LVM doubles the dashes of names."""
        return compiled(_WORDS).sub(lambda match: self._begun(match.group() or b""), path)

    def in_file(self, name: bytes) -> bytes:
        """The name of a file with hosts replaced that are words of it."""
        words = compiled("[A-Za-z0-9]+")
        return words.sub(lambda match: self._by_name.get(("host", match.group() or b"")) or match.group() or b"", name)

    def _begun(self, words: bytes) -> bytes:
        """Words with dashes between them, where the first of them are a host."""
        parts = words.split(b"--")
        for count in range(min(len(parts), _MOST_PARTS), 0, -1):
            known = self._by_name.get(("host", b"-".join(parts[:count])))
            if known:
                return b"--".join([known, *parts[count:]])
        return words

    def _next(self, kind: str) -> bytes:
        """The next that the text does not hold already."""
        while True:
            number = self._last[kind] = self._last.get(kind, 0) + 1
            replacement = f"{kind}-{number}".encode()
            if replacement not in self._taken:
                return replacement
