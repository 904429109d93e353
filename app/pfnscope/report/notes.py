"""Every remark that a document can carry under ``diagnostics``: what it means, what a reader can do, and how it reads.

The rows are what ``docs/notes.md`` is made of; a test holds them against the codes that the sources name.
"""

from collections.abc import Iterable, Sequence

import msgspec

from pfnscope.model.document import Document
from pfnscope.model.log import Diagnostic
from pfnscope.model.sources import Source, line_words
from pfnscope.words import plural


class Note(msgspec.Struct, frozen=True):
    """One code. ``then`` is what helps; empty where there is nothing to do."""

    code: str
    meaning: str
    then: str = ""


class NoteRow(msgspec.Struct, frozen=True):
    """Notes of one text, told once, with all their lines. ``then`` is what helps, where anything does."""

    severity: str
    message: str
    lines: tuple[int, ...]
    then: str = ""


_WHOLE = "Send the log from its first line, as root: the buffer of a machine that runs for long has lost its beginning."
_DAMAGE = "Compare the line with the original text."
_FIRMWARE = "Report it to the maker of the firmware."
_MOST_LINES = 8

GROUPS: tuple[tuple[str, tuple[Note, ...]], ...] = (
    (
        "About the text",
        (
            Note(
                "unrecognised-line",
                "A line that stands where memory is listed, or looks as if it should, and that no known form fits. "
                "What it says is missing from the layout.",
                "If a kernel printed it so, report the line: a form is one row of a table.",
            ),
            Note(
                "cut-lines",
                "A terminal or a pager cut all lines at one column; what they say is read as far as it goes.",
                "Send the log as a file: dmesg > dmesg.txt.",
            ),
            Note("damaged-numbers", "Numbers of this line are such as no kernel prints together.", _DAMAGE),
            Note("impossible-range", "A range that ends before it starts, or beyond the address space.", _DAMAGE),
            Note("impossible-zone", "A zone of /proc/zoneinfo whose numbers contradict each other.", _DAMAGE),
            Note("wrapped-count", "A count below zero: the kernel computed it wrongly, or the text is damaged."),
            Note("cut-beginning", "The text begins in the middle of a list, or after the memory was set up.", _WHOLE),
            Note("cut-end", "The text ends in the middle of a list.", "Send the log to its end."),
            Note(
                "release-bounds",
                "Nothing in the text names the release; how the kernel words its lines shows between which it lies. "
                "Only the rules of those releases are weighed.",
                "Name it with --kernel, or send the log from its first line on.",
            ),
            Note("conflicting-zone", "A zone printed twice, with other limits: two logs may have been mixed."),
            Note(
                "conflicting-initmem", "The span of a node printed twice, and different: two logs may have been mixed."
            ),
            Note("map-without-types", "Ranges of a memory map are known, and not which of them are RAM.", _WHOLE),
            Note("conflicting-map", "Entries of one memory map overlap although they differ."),
            Note("conflicting-iomem", "/proc/iomem stands in the text twice, and differs; the first is used."),
            Note("conflicting-list", "A memblock list stands in the text twice, and differs; the first is used."),
            Note("conflicting-zoneinfo", "A zone stands in /proc/zoneinfo twice, and differs; the first is used."),
            Note("turned-order", "The text was put in the order in which the kernel printed it; line numbers stay."),
            Note("more-diagnostics", "There were more remarks than are worth reading; the first hundred are shown."),
            Note("more-notes", "The same, about files of /proc and /sys."),
        ),
    ),
    (
        "About several boots and excerpts",
        (
            Note("excerpt-attached", "A memory map without a log was taken to be that of the boot it fits."),
            Note("excerpt-unused", "A memory map, or spans of nodes, of no boot of the text; nothing of it is used."),
            Note(
                "banner-without-boot",
                "Two kernels begin side by side, and only one of them goes on: lines of two machines may be mixed.",
                "Collect logs with the name of the host in front of each line.",
            ),
            Note("no-release", "No line names the kernel's release.", "Give the release: --kernel, or on the page."),
        ),
    ),
    (
        "What the log does not prove",
        (
            Note("assumed", "A value that no line proves, with what it is assumed from.", "Look whether it is true."),
            Note(
                "missing-lines",
                "A line of the zone ranges or node ranges is missing or damaged, as other lines prove. What it said is "
                "taken from elsewhere, or what hangs on it is not known.",
                _WHOLE,
            ),
            Note("no-node-ranges", "No line tells what memory the kernel took over: no verdict is given.", _WHOLE),
            Note(
                "computed",
                "The log prints a memory map and no node ranges: nodes, zones and holes are what a kernel makes of it.",
                _WHOLE,
            ),
            Note(
                "command-line-differs",
                "The kernel ran with another command line than the boot loader gave it: with arguments of its "
                "configuration (CONFIG_CMDLINE) or of a bootconfig.",
                "The command line shown is the one that its memory arguments were taken from.",
            ),
            Note("no-memory-model", "Not known how this kernel keeps struct pages: no verdict is given."),
            Note("no-printed-count", "No count of struct pages without memory is in the text: nothing confirms ours."),
            Note("node-ranges-from-memblock", "Node ranges were taken from what memblock=debug printed."),
            Note("node-ranges-from-debugfs", "Node ranges were taken from memblock.memory in debugfs."),
            Note("nodes-unknown", "The list of memory does not say of which nodes: all is taken as node 0."),
            Note(
                "same-log",
                "The same log stands in the text more than once, such as dmesg beside a journal: it is one boot.",
            ),
            Note("more-files", "The text names more files than are told apart.", "Give fewer of them at once."),
            Note("firmware-map-from-sysfs", "The firmware map was taken from /sys/firmware/memmap."),
        ),
    ),
    (
        "Where kernel and analysis differ",
        (
            Note(
                "check-differs",
                "The kernel printed another number than the analysis computed: a finding about pfnscope, or a sign "
                "that lines are missing.",
                "Report it with the log.",
            ),
            Note(
                "rule-contradicted",
                "A crash or a page dump of the log shows struct pages in another state than the rule of its release "
                "leaves them in: this kernel has a backport, is a -next tree or has a regression. The log decides.",
                "Report it to whoever built the kernel, with the log.",
            ),
            Note(
                "count-line-of-another-release",
                "A count in the words of another release than the log names: this kernel has backports. The line "
                "decides, not the number.",
            ),
        ),
    ),
    (
        "What the kernel complains about",
        (Note("reservation-without-address", "Memory that was reserved somewhere; the line does not tell where."),),
    ),
    (
        "About struct pages",
        (
            Note(
                "memmap-proven",
                "The kernel's counts fit one section size or largest buddy, which is not the usual one: it is taken.",
            ),
            Note(
                "memmap-candidates",
                "The kernel's counts fit several section sizes or largest buddies, and not the usual one.",
                "Give the one of the kernel's configuration: --section-size, --memory-model.",
            ),
            Note(
                "zone-without-pages",
                "A zone spans memory of other nodes alone: it has no page, yet holes in its span count as inside.",
            ),
            Note("kexec-handover", "The kernel took over memory of the one before it; no line says which."),
            Note(
                "kho-deferred",
                "Struct pages of memory that was taken over are read before late initialisation writes them.",
                "Boot 6.17 or later, or build without CONFIG_DEFERRED_STRUCT_PAGE_INIT.",
            ),
            Note(
                "shared-struct-pages",
                "Huge pages of boot share the struct pages of their tails: /proc/kpageflags shows one for all of them.",
            ),
        ),
    ),
    (
        "About files of /proc and /sys in the text",
        (
            Note("files-attached", "Which boot the files were taken to belong to."),
            Note("files-cut-off", "Files of /proc and /sys so long that their rest is left out."),
            Note(
                "file-not-needed", "A file that says nothing of struct pages, such as /proc/meminfo or /proc/buddyinfo."
            ),
            Note("iomem-hidden", "/proc/iomem with all addresses zero.", "Read it as root."),
            Note("memmap-cut-off", "An entry of /sys/firmware/memmap without its start, end or type; it is left out."),
            Note("zoneinfo-cut-off", "A zone of /proc/zoneinfo without its page counts; it is left out."),
            Note(
                "no-block-size",
                "Memory blocks without their size: where they lie is not known.",
                "Add the file block_size_bytes.",
            ),
            Note("assumed-list", "A memblock list without its name; which one it is was told by its entries."),
        ),
    ),
    (
        "About what if",
        (
            Note("simulated", "The layout was computed, not booted."),
            Note("crash-kernel-placed", "Where the memory of a crash kernel would lie, or why there would be none."),
            Note("only-reserves", "The argument only reserves: memory stays memory, so no zone changes."),
            Note(
                "kernel-image", "The command line takes RAM under the kernel's image; the kernel makes that RAM again."
            ),
        ),
    ),
)
"""Codes by what they are about, with a title each."""

BY_CODE = {note.code: note for _, notes in GROUPS for note in notes}


def note_rows(notes: Iterable[Diagnostic]) -> list[NoteRow]:
    """The diagnostics in their order, those of one text together."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for note in notes:
        key = note.severity, note.message, note.code
        groups.setdefault(key, []).extend([note.line] if note.line else [])
    helps = {code: note.then for code, note in BY_CODE.items()}
    return [
        NoteRow(severity, message, tuple(sorted(lines)), helps.get(code, ""))
        for (severity, message, code), lines in groups.items()
    ]


def sentences(document: Document) -> list[str]:
    """The notes for a report that tells verdict and counts besides, and so not again what these say."""
    said = {document.verdict.summary, *document.verdict.details}
    kept = (note for note in document.diagnostics if note.code != "check-differs" and note.message not in said)
    return [(f"{_lines(row.lines, document.sources)}: " if row.lines else "") + row.message for row in note_rows(kept)]


def _lines(lines: Sequence[int], sources: Sequence[Source]) -> str:
    """``line 3``, ``lines 3, 7-9``, of many the first ones; in a text of several files by file."""
    if sources:
        return line_words(lines, sources)
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and runs[-1][-1] == line - 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    words = ["-".join(map(str, run)) for run in runs[:_MOST_LINES]]
    more = " and others" if len(runs) > _MOST_LINES else ""
    return f"{plural(len(set(lines)), 'line')} {', '.join(words)}{more}"
