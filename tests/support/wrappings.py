"""Logs in what people wrap them in, for tests of everything that opens them."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from base64 import b64encode, encodebytes
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import docx
import lz4.frame
import py7zr

from pfnscope import zstd

Files = Mapping[str, bytes]


def zip_of(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar_of(files: Files, links: Mapping[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
        for name, target in (links or {}).items():
            item = tarfile.TarInfo(name)
            item.type, item.linkname = tarfile.SYMTYPE, target
            archive.addfile(item)
    return out.getvalue()


def seven_of(files: Files, **options: Any) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(data, name)
    return out.getvalue()


def mail_of(
    body: str = "It does not boot, see below.\n",
    attached: Files | None = None,
    *,
    html: str = "",
    subject: str = "No boot",
    author: str = "Ann Example <ann@example.org>",
    inside: EmailMessage | None = None,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = author, "list@example.org", subject
    mail.set_content(body)
    if html:
        mail.add_alternative(html, subtype="html", cte="base64")
    for name, data in (attached or {}).items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if inside:
        mail.add_attachment(inside)
    return mail


def mbox_of(*mails: EmailMessage) -> bytes:
    return b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail.as_bytes() + b"\n" for mail in mails)


def docx_of(log: bytes) -> bytes:
    document = docx.Document()
    for line in log.decode().splitlines():
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pdf_of(*streams: bytes, more: bytes = b"") -> bytes:
    """A PDF whose pages have these operators; ``more`` are entries of each stream's dictionary."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>"
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(len(streams)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % len(streams),
        font,
    ]
    for at, stream in enumerate(streams):
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 800]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % (5 + 2 * at),
            b"<</Length %d%s>>stream\n%s\nendstream" % (len(stream), more, stream),
        ]
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, item in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, item))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    return out.getvalue()


def pdf_of_log(log: bytes, lines_of_page: int = 60) -> bytes:
    lines = [line.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") for line in log.splitlines()]
    pages = [lines[at : at + lines_of_page] for at in range(0, len(lines), lines_of_page)]
    return pdf_of(
        *(b"BT /F 8 Tf 10 TL 20 780 Td " + b" ".join(b"(%s) '" % line for line in page) + b" ET" for page in pages)
    )


def apport_of(fields: Files) -> bytes:
    """A report of apport, whose lines of base64 are each encoded by themselves."""
    out = [b"ProblemType: KernelCrash\nDate: Thu Jan  1 00:00:00 2026\n"]
    for name, data in fields.items():
        packed = gzip.compress(data)
        out.append(name.encode() + b": base64\n")
        out += [b" " + b64encode(packed[at : at + 500]) + b"\n" for at in range(0, len(packed), 500)]
    return b"".join([*out, b"Uname: Linux\n"])


def console_of(log: bytes) -> bytes:
    """What the API of AWS answers for the console of a machine."""
    answer = {"InstanceId": "i-0123456789", "Output": b64encode(log).decode(), "Timestamp": "2026-01-01T00:00:00Z"}
    return json.dumps(answer).encode()


ALONE: dict[str, Callable[[bytes], bytes]] = {
    "zip": lambda log: zip_of({"dmesg.txt": log}),
    "stored zip": lambda log: zip_of({"case/dmesg.txt": log}, zipfile.ZIP_STORED),
    "7z": lambda log: seven_of({"dmesg.txt": log}),
    "tar": lambda log: tar_of({"dmesg.txt": log}),
    "tar.gz": lambda log: gzip.compress(tar_of({"dmesg.txt": log})),
    "tar.xz": lambda log: lzma.compress(tar_of({"dmesg.txt": log})),
    "tar.bz2": lambda log: bz2.compress(tar_of({"dmesg.txt": log})),
    "tar.zst": lambda log: zstd.compress(tar_of({"dmesg.txt": log})),
    "tar.lz4": lambda log: lz4.frame.compress(tar_of({"dmesg.txt": log})),
    "lz4": lz4.frame.compress,
    "gzip in gzip": lambda log: gzip.compress(gzip.compress(log)),
    "xz in zip in zip": lambda log: zip_of({"a.zip": zip_of({"dmesg.xz": lzma.compress(log)})}),
    "base64": encodebytes,
    "base64 of gzip, one line": lambda log: b64encode(gzip.compress(log)) + b"\n",
    "console of AWS": console_of,
    "Word": docx_of,
    "PDF": pdf_of_log,
}
"""Ways to wrap a log with nothing beside it: opened, it is the log."""

BESIDE: dict[str, Callable[[bytes], bytes]] = {
    "zip": lambda log: zip_of({"case/dmesg.txt": log, "case/readme": b"Please help.\n"}),
    "7z": lambda log: seven_of({"dmesg.txt": log, "empty": b""}),
    "mail, attached": lambda log: mail_of(attached={"dmesg.txt": log}).as_bytes(),
    "mail, attached and packed": lambda log: mail_of(attached={"dmesg.txt.gz": gzip.compress(log)}).as_bytes(),
    "mail, zip attached": lambda log: mail_of(attached={"dmesg.zip": zip_of({"dmesg.txt": log})}).as_bytes(),
    "mail, HTML": lambda log: mail_of(html=f"<html><body><pre>{log.decode()}</pre></body></html>").as_bytes(),
    "mail in a mail": lambda log: mail_of(inside=mail_of(attached={"dmesg": log}, subject="Re: x")).as_bytes(),
    "mail in a zip": lambda log: zip_of({"a.eml": mail_of(attached={"dmesg.txt": log}).as_bytes(), "b": b"x"}),
    "mbox": lambda log: mbox_of(mail_of(subject="Help"), mail_of(attached={"dmesg.txt": log}, subject="Re: Help")),
    "apport": lambda log: apport_of({"CurrentDmesg.txt": log, "CoreDump": b"\x7fELF" + bytes(5000)}),
}
"""Ways to wrap a log beside something else, which is named at the end."""
