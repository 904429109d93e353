"""The examples that come with pfnscope: recorded and rebuilt boot logs, each with a title and one sentence."""

import tomllib
from functools import cache

import msgspec

from pfnscope import resources


class Sample(msgspec.Struct, frozen=True):
    """One example; ``slug`` names its folder and its page."""

    slug: str
    title: str
    summary: str


@cache
def samples() -> tuple[Sample, ...]:
    """All examples, in the order that they give themselves."""
    found = []
    for meta in sorted(resources.folder("sample_logs").glob("*/meta.toml")):
        told = tomllib.loads(meta.read_text(encoding="utf-8"))
        sample = Sample(meta.parent.name, str(told["title"]), str(told["summary"]))
        found.append((int(told["order"]), sample))
    return tuple(sample for _, sample in sorted(found, key=lambda item: item[0]))


def sample_text(slug: str) -> tuple[Sample, bytes] | None:
    """An example with its log, or None where there is none of that name."""
    sample = next((item for item in samples() if item.slug == slug), None)
    if sample is None:
        return None
    return sample, (resources.folder("sample_logs") / slug / "dmesg.txt").read_bytes()
