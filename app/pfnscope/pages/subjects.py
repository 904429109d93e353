"""The layouts that pages show: those that a server stores, and the examples that come with pfnscope."""

import tomllib
from functools import cache

import msgspec

from pfnscope import resources
from pfnscope.service import Options
from pfnscope.service.jobs import Side

SAMPLE = "sample:"
"""What the name of an example begins with in a comparison."""


class Subject(msgspec.Struct, frozen=True):
    """A layout that a page can show: the ``text`` of its log and how that is analysed.

    ``name`` is what a comparison calls it, ``path`` the address of its page. ``listed``: search engines may list it.
    """

    name: str
    path: str
    title: str
    text: bytes
    options: Options
    kept_until: str | None = None
    listed: bool = False
    note: str = ""

    @property
    def side(self) -> Side:
        """What a comparison reads of it."""
        return self.text, self.options

    def without_text(self) -> "Subject":
        """The same for what needs its names alone."""
        return msgspec.structs.replace(self, text=b"")


class Sample(msgspec.Struct, frozen=True):
    """One example; ``slug`` names its folder and its page."""

    slug: str
    title: str
    summary: str


@cache
def samples() -> tuple[Sample, ...]:
    """All examples, in the order that their ``meta.toml`` gives."""
    ordered = []
    for meta in sorted(resources.folder("sample_logs").glob("*/meta.toml")):
        fields = tomllib.loads(meta.read_text(encoding="utf-8"))
        sample = Sample(meta.parent.name, str(fields["title"]), str(fields["summary"]))
        ordered.append((int(fields["order"]), sample))
    return tuple(sample for _, sample in sorted(ordered, key=lambda item: item[0]))


def of_sample(slug: str, options: Options) -> Subject | None:
    """An example, None where there is none of that name."""
    sample = next((item for item in samples() if item.slug == slug), None)
    if sample is None:
        return None
    return Subject(SAMPLE + slug, f"/samples/{slug}", sample.title, _text_of(slug), options, listed=True)


@cache
def _text_of(slug: str) -> bytes:
    return (resources.folder("sample_logs") / slug / "dmesg.txt").read_bytes()
