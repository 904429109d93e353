"""Coverage-guided fuzzing of the whole way from bytes to a document: ``make fuzz``.

Whatever the text, the only refusals are the service's own, what is kept of it reads the same, and a
document can be encoded. The recorded logs are the beginning of the corpus, cut into pieces that mutate fast.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["pfnscope"]):
    from pfnscope.bootlog import keep_memory_lines, read
    from pfnscope.errors import ServiceError
    from pfnscope.formats.text import render
    from pfnscope.opening.texts import opened
    from pfnscope.service.analyzing import analyze, encode

SAMPLES = Path(__file__).parents[2] / "sample_logs"
_PIECE = 4096
_LIMIT = 1 << 20


def one_input(data: bytes) -> None:
    """Everything that a paste or an upload goes through."""
    try:
        text = opened(data, limit=_LIMIT)
        document = analyze(text).document
    except ServiceError:
        return
    encode(document)
    render(document)
    reading = read(text)
    again = read(keep_memory_lines(text, reading))
    if again.boots != reading.boots:
        raise AssertionError("what is kept reads differently")


def seeds(folder: Path) -> None:
    """Write the recorded logs in pieces, whole lines each."""
    for log in sorted(SAMPLES.rglob("*.txt")):
        text = log.read_bytes()
        for at in range(0, min(len(text), 16 * _PIECE), _PIECE):
            start = text.rfind(b"\n", 0, at) + 1 if at else 0
            (folder / f"{log.parent.name}-{log.stem}-{at}").write_bytes(text[start : at + _PIECE])


def main() -> None:
    """Run libFuzzer with the arguments given, on a corpus of its own."""
    with TemporaryDirectory() as folder:
        seeds(Path(folder))
        atheris.Setup([*sys.argv, "-max_len=8192", "-timeout=20", "-print_final_stats=1", folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
