"""The use case of comparing two boots: of two texts, or of one."""

from pfnscope.model.document import Document
from pfnscope.service.analyzing import Options, analyze
from pfnscope.service.errors import BadOption
from pfnscope.units import whole_number


def documents(
    first: bytes, second: bytes, boot_a: int | None = None, boot_b: int | None = None, *, kernel: str | None = None
) -> tuple[Document, Document]:
    """The documents of a boot of ``first`` and of one of ``second``; ``kernel`` overrides the release of both.

    Raises what :func:`pfnscope.service.analyze` raises for either.
    """
    return (
        analyze(first, Options(kernel=kernel, boot=boot_a)).document,
        analyze(second, Options(kernel=kernel, boot=boot_b)).document,
    )


def parse_boots(text: str | None, *, same_text: bool) -> tuple[int | None, int | None]:
    """``N,M`` as two numbers of boots from 1; of one text the first two where nothing is said. Raises BadOption."""
    if text is None:
        return (1, 2) if same_text else (None, None)
    first, _, second = text.partition(",")
    one, other = whole_number(first.strip()), whole_number(second.strip())
    if one is None or other is None:
        raise BadOption(f"{text[:40]!r} does not name two boots; give two numbers such as 1,2.")
    return one, other
