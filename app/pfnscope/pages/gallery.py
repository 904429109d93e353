"""The examples as pictures: severity, headline and bars of each, made once."""

from functools import cache

from msgspec import Struct

from pfnscope.drawing import scene, svg
from pfnscope.model.analysis import Severity
from pfnscope.pages.subjects import Sample, of_sample, samples
from pfnscope.service import Options, analyze


class Picture(Struct, frozen=True):
    """An example with its headline; ``small`` has struct pages and holes, ``whole`` all lanes, as SVG."""

    sample: Sample
    severity: Severity
    headline: str
    small: str
    whole: str


@cache
def picture(slug: str) -> Picture:
    """One example. Raises StopIteration for a name that none has."""
    sample = next(item for item in samples() if item.slug == slug)
    subject = of_sample(slug, Options())
    document = analyze(subject.text if subject else b"").document
    drawn = scene.of(document)
    return Picture(sample, document.verdict.severity, document.verdict.summary, svg.mini(drawn), svg.for_page(drawn))


def pictures() -> list[Picture]:
    """All examples in their order."""
    return [picture(sample.slug) for sample in samples()]
