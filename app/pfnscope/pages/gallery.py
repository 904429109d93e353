"""The examples as pictures: severity, headline and bars of each, made once."""

from threading import Lock

from msgspec import Struct

from pfnscope.drawing import scene, svg
from pfnscope.model.analysis import Severity
from pfnscope.pages.subjects import Sample, of_sample, samples
from pfnscope.report.headline import tone
from pfnscope.service import Options, analyze


class Picture(Struct, frozen=True):
    """An example with its headline; ``small`` has struct pages and holes, ``whole`` all lanes, as SVG."""

    sample: Sample
    severity: Severity
    headline: str
    small: str
    whole: str


_MADE: dict[str, Picture] = {}
_MAKING = Lock()


def pictures(most: int | None = None) -> list[Picture]:
    """The examples in their order, the first ``most`` of them; each is made once, at the start of a server."""
    out = []
    for sample in samples()[:most]:
        with _MAKING:  # whoever comes while one is made waits for it
            if sample.slug not in _MADE:
                _MADE[sample.slug] = _picture(sample)
        out.append(_MADE[sample.slug])
    return out


def _picture(sample: Sample) -> Picture:
    subject = of_sample(sample.slug, Options())
    document = analyze(subject.text if subject else b"").document
    drawn = scene.of(document)
    return Picture(sample, tone(document), document.verdict.summary, svg.mini(drawn), svg.for_page(drawn))
