"""The text of Word and PDF documents, by python-docx and pypdf of the extra ``files``, within bounds."""

import logging
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from zipfile import ZipFile

from pfnscope.opening.errors import CannotOpen, DamagedDocument, Encrypted, NeedsLibrary, TooMuch
from pfnscope.opening.pieces import Piece

_MOST_XML = 16 << 20  # bytes of a Word document's parts, of which libxml2 takes some thirty times as much
_MOST_PAGES = 2000
_SECONDS = 20.0
_MOST_STREAM = 4 << 20  # bytes of one page's operators: a page of a log has some 10,000


def of_docx(data: bytes) -> Iterator[Piece]:
    """The paragraphs of a Word document, those of tables too, a line each.

    Raises NeedsLibrary, TooMuch, Damaged.
    """
    try:
        import docx
        from docx.oxml.ns import qn
        from docx.text.paragraph import Paragraph
    except ImportError:
        raise NeedsLibrary("a Word document") from None
    watch, lines = _watch(), []
    try:
        with ZipFile(BytesIO(data)) as archive:
            _check(sum(item.file_size for item in archive.infolist()) <= _MOST_XML, f"more than {_MOST_XML >> 20} MiB")
        document = docx.Document(BytesIO(data))
        body = document.element.body
        for item in body.iter(qn("w:p")):
            watch()
            lines.append(Paragraph(item, document).text)
    except CannotOpen:
        raise
    except Exception as error:  # python-docx lets those of lxml, zipfile and its own through
        raise DamagedDocument("Word document") from error
    yield Piece(name="", data="".join(f"{line}\n" for line in lines).encode())


def of_pdf(data: bytes) -> Iterator[Piece]:
    """The text of a PDF document, page after page. Raises NeedsLibrary, Encrypted, TooMuch, Damaged."""
    try:
        import pypdf
        from pypdf.errors import DependencyError, FileNotDecryptedError
    except ImportError:
        raise NeedsLibrary("a PDF document") from None
    bounds = pypdf.Configuration(
        zlib_maximum_output_length=_MOST_STREAM,
        lzw_maximum_output_length=_MOST_STREAM,
        run_length_maximum_output_length=_MOST_STREAM,
        brotli_maximum_output_length=_MOST_STREAM,
        array_based_stream_maximum_output_length=_MOST_STREAM,
        jbig2dec_binary=None,  # no program is started
    )
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it quotes the file
    watch, pages = _watch(), []
    try:
        with pypdf.apply_configuration(bounds):
            reader = pypdf.PdfReader(BytesIO(data))
            if reader.is_encrypted:
                reader.decrypt("")
            _check(len(reader.pages) <= _MOST_PAGES, f"more than {_MOST_PAGES:,} pages")
            for page in reader.pages:
                watch()
                pages.append(page.extract_text(visitor_operand_before=watch))
    except CannotOpen:
        raise
    except (FileNotDecryptedError, DependencyError):  # also of an encryption for which a library would be needed
        raise Encrypted("PDF document") from None
    except Exception as error:  # of a damaged file pypdf raises nearly every kind
        raise DamagedDocument("PDF document") from error
    yield Piece(name="", data="\n".join([*pages, ""]).encode("utf-8", "replace"))


def _watch() -> Callable[..., None]:
    """A function that raises TooMuch when it is called after too long."""
    until = time.monotonic() + _SECONDS
    return lambda *_: _check(time.monotonic() <= until, f"more than {_SECONDS:g} seconds to read it")


def _check(fits: bool, what: str) -> None:
    if not fits:
        raise TooMuch(what)
