"""Every remark that a document can carry under ``diagnostics``: what it means, what a reader can do, and how it reads.

The rows are what ``docs/findings.md`` is made of; a test holds them against the codes that the sources name.
"""

from collections.abc import Iterable, Sequence

import msgspec

from pfnscope.model.document import Document
from pfnscope.model.log import Diagnostic
from pfnscope.words import plural


class Finding(msgspec.Struct, frozen=True):
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

GROUPS: tuple[tuple[str, tuple[Finding, ...]], ...] = (
    (
        "About the text",
        (
            Finding(
                "unrecognised-line",
                "A line that stands where memory is listed, or looks as if it should, and that no known form fits. "
                "What it says is missing from the layout.",
                "If a kernel printed it so, report the line: a form is one row of a table.",
            ),
            Finding(
                "cut-lines",
                "A terminal or a pager cut all lines at one column; what they say is read as far as it goes.",
                "Send the log as a file: dmesg > dmesg.txt.",
            ),
            Finding("damaged-numbers", "Numbers of this line are such as no kernel prints together.", _DAMAGE),
            Finding("impossible-range", "A range that ends before it starts, or beyond the address space.", _DAMAGE),
            Finding("impossible-zone", "A zone of /proc/zoneinfo whose numbers contradict each other.", _DAMAGE),
            Finding("wrapped-count", "A count below zero: the kernel computed it wrongly, or the text is damaged."),
            Finding(
                "cut-beginning", "The text begins in the middle of a list, or after the memory was set up.", _WHOLE
            ),
            Finding("cut-end", "The text ends in the middle of a list.", "Send the log to its end."),
            Finding(
                "release-bounds",
                "Nothing in the text names the release; how the kernel words its lines shows between which it lies. "
                "Only the rules of those releases are weighed.",
                "Name it with --kernel, or send the log from its first line on.",
            ),
            Finding("conflicting-zone", "A zone printed twice, with other limits: two logs may have been mixed."),
            Finding(
                "conflicting-initmem", "The span of a node printed twice, and different: two logs may have been mixed."
            ),
            Finding("map-without-types", "Ranges of a memory map are known, and not which of them are RAM.", _WHOLE),
            Finding("conflicting-map", "Entries of one memory map overlap although they differ."),
            Finding("conflicting-iomem", "/proc/iomem stands in the text twice, and differs; the first is used."),
            Finding("conflicting-list", "A memblock list stands in the text twice, and differs; the first is used."),
            Finding("conflicting-zoneinfo", "A zone stands in /proc/zoneinfo twice, and differs; the first is used."),
            Finding("turned-order", "The text was put in the order in which the kernel printed it; line numbers stay."),
            Finding("more-diagnostics", "There were more remarks than are worth reading; the first hundred are shown."),
            Finding("more-notes", "The same, about files of /proc and /sys."),
        ),
    ),
    (
        "About several boots and excerpts",
        (
            Finding("excerpt-attached", "A memory map without a log was taken to be that of the boot it fits."),
            Finding(
                "excerpt-unused", "A memory map, or spans of nodes, of no boot of the text; nothing of it is used."
            ),
            Finding(
                "banner-without-boot",
                "Two kernels begin side by side, and only one of them goes on: lines of two machines may be mixed.",
                "Collect logs with the name of the host in front of each line.",
            ),
            Finding("no-release", "No line names the kernel's release.", "Give the release: --kernel, or on the page."),
        ),
    ),
    (
        "What the log does not prove",
        (
            Finding(
                "assumed", "A value that no line proves, with what it is assumed from.", "Look whether it is true."
            ),
            Finding(
                "missing-lines",
                "A line of the zone ranges or node ranges is missing or damaged, as other lines prove. What it said is "
                "taken from elsewhere, or what hangs on it is not known.",
                _WHOLE,
            ),
            Finding("no-node-ranges", "No line tells what memory the kernel took over: no verdict is given.", _WHOLE),
            Finding(
                "computed",
                "The log prints a memory map and no node ranges: nodes, zones and holes are what a kernel makes of it.",
                _WHOLE,
            ),
            Finding(
                "command-line-differs",
                "The kernel ran with another command line than the boot loader gave it: with arguments of its "
                "configuration (CONFIG_CMDLINE) or of a bootconfig.",
                "The command line shown is the one that its memory arguments were taken from.",
            ),
            Finding("no-memory-model", "Not known how this kernel keeps struct pages: no verdict is given."),
            Finding(
                "no-printed-count", "No count of struct pages without memory is in the text: nothing confirms ours."
            ),
            Finding("node-ranges-from-memblock", "Node ranges were taken from what memblock=debug printed."),
            Finding("node-ranges-from-debugfs", "Node ranges were taken from memblock.memory in debugfs."),
            Finding("nodes-unknown", "The list of memory does not say of which nodes: all is taken as node 0."),
            Finding("firmware-map-from-sysfs", "The firmware map was taken from /sys/firmware/memmap."),
        ),
    ),
    (
        "Where kernel and analysis differ",
        (
            Finding(
                "check-differs",
                "The kernel printed another number than the analysis computed: a finding about pfnscope, or a sign "
                "that lines are missing.",
                "Report it with the log.",
            ),
            Finding(
                "rule-contradicted",
                "A crash or a page dump of the log shows struct pages in another state than the rule of its release "
                "leaves them in: this kernel has a backport, is a -next tree or has a regression. The log decides.",
                "Report it to whoever built the kernel, with the log.",
            ),
            Finding(
                "count-line-of-another-release",
                "A count in the words of another release than the log names: this kernel has backports. The line "
                "decides, not the number.",
            ),
        ),
    ),
    (
        "What the kernel complains about",
        (
            Finding("overlapping-nodes", "Memory that two nodes claim.", _FIRMWARE),
            Finding("overlapping-srat", "Entries of the SRAT overlap in part; digits may be lost.", _FIRMWARE),
            Finding("overlapping-firmware-nodes", "The kernel saw nodes of the firmware overlap.", _FIRMWARE),
            Finding("overlapping-reserved-memory", "Regions of the device tree overlap.", _FIRMWARE),
            Finding("numa-rejected", "The kernel did not believe the firmware's nodes.", _FIRMWARE),
            Finding("memory-without-node", "Memory of the map that the firmware gave to no node.", _FIRMWARE),
            Finding("invalid-efi-entries", "The kernel dropped entries of the EFI map.", _FIRMWARE),
            Finding("map-incomplete", "The memory map was full; entries were left out.", _FIRMWARE),
            Finding(
                "image-not-ram",
                "The memory map does not call the range of the kernel's own image RAM. The kernel makes it RAM again, "
                "also inside a region that memmap= takes.",
                "Where memmap= is at fault, keep it off that range. An EFI boot stub that moves the kernel (KASLR) "
                "looks at memmap= from 6.10 on; with nokaslr the kernel stays where it was linked.",
            ),
            Finding(
                "small-node",
                "A node of less than 4 MiB. Releases before 6.7, and stable ones before November 2023, do not bring it "
                "online unless it has processors, but hand out its memory all the same, and may crash.",
                "Give the node more memory, or boot with numa=off.",
            ),
            Finding("mtrr-trim", "Memory given up because the MTRRs do not cover it.", _FIRMWARE),
            Finding("fake-efi-attribute", "efi_fake_mem= changed the EFI map."),
            Finding("truncated-memory", "Memory that the kernel has no use for, such as beyond what it can address."),
            Finding("memory-limit", "The command line limits memory; EFI may have the kernel put some of it back."),
            Finding("mirrored-memory", "Mirrored memory was short: other memory was taken."),
            Finding("initrd-disabled", "The initial RAM disk lies where it cannot be used."),
            Finding(
                "reservation-failed", "Memory that the command line or the device tree asks for could not be reserved."
            ),
            Finding(
                "hibernation-map", "The machine does not resume: its memory map changed since it hibernated.", _FIRMWARE
            ),
            Finding("pmem-misaligned", "Persistent memory that begins or ends inside a unit of its mapping."),
            Finding("rmp-failed", "A page frame of an encrypted guest (SEV-SNP) could not change its owner."),
            Finding("reservation-without-address", "Memory that was reserved somewhere; the line does not tell where."),
            Finding("unaligned-hotplug", "Memory that was to be added is no whole number of memory blocks."),
        ),
    ),
    (
        "About struct pages",
        (
            Finding(
                "memmap-proven",
                "The kernel's counts fit one section size or largest buddy, which is not the usual one: it is taken.",
            ),
            Finding(
                "memmap-candidates",
                "The kernel's counts fit several section sizes or largest buddies, and not the usual one.",
                "Give the one of the kernel's configuration: --section-size, --memory-model.",
            ),
            Finding(
                "zone-without-pages",
                "A zone spans memory of other nodes alone: it has no page, yet holes in its span count as inside.",
            ),
            Finding("kexec-handover", "The kernel took over memory of the one before it; no line says which."),
            Finding(
                "kho-deferred",
                "Struct pages of memory that was taken over are read before late initialisation writes them.",
                "Boot 6.17 or later, or build without CONFIG_DEFERRED_STRUCT_PAGE_INIT.",
            ),
            Finding(
                "shared-struct-pages",
                "Huge pages of boot share the struct pages of their tails: /proc/kpageflags shows one for all of them.",
            ),
        ),
    ),
    (
        "About files of /proc and /sys in the text",
        (
            Finding("files-attached", "Which boot the files were taken to belong to."),
            Finding("files-cut-off", "Files of /proc and /sys so long that their rest is left out."),
            Finding(
                "file-not-needed", "A file that says nothing of struct pages, such as /proc/meminfo or /proc/buddyinfo."
            ),
            Finding("iomem-hidden", "/proc/iomem with all addresses zero.", "Read it as root."),
            Finding(
                "memmap-cut-off", "An entry of /sys/firmware/memmap without its start, end or type; it is left out."
            ),
            Finding("zoneinfo-cut-off", "A zone of /proc/zoneinfo without its page counts; it is left out."),
            Finding(
                "no-block-size",
                "Memory blocks without their size: where they lie is not known.",
                "Add the file block_size_bytes.",
            ),
            Finding("assumed-list", "A memblock list without its name; which one it is was told by its entries."),
        ),
    ),
    (
        "About what if",
        (
            Finding("simulated", "The layout was computed, not booted."),
            Finding("only-reserves", "The argument only reserves: memory stays memory, so no zone changes."),
            Finding(
                "kernel-image", "The command line takes RAM under the kernel's image; the kernel makes that RAM again."
            ),
        ),
    ),
)
"""Codes by what they are about, with a title each."""

BY_CODE = {finding.code: finding for _, findings in GROUPS for finding in findings}


def note_rows(notes: Iterable[Diagnostic]) -> list[NoteRow]:
    """The diagnostics in their order, those of one text together."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for note in notes:
        key = note.severity, note.message, note.code
        groups.setdefault(key, []).extend([note.line] if note.line else [])
    helps = {code: finding.then for code, finding in BY_CODE.items()}
    return [
        NoteRow(severity, message, tuple(sorted(lines)), helps.get(code, ""))
        for (severity, message, code), lines in groups.items()
    ]


def sentences(document: Document) -> list[str]:
    """The notes for a report that tells verdict and counts besides, and so not again what these say."""
    said = {document.verdict.summary, *document.verdict.details}
    kept = (note for note in document.diagnostics if note.code != "check-differs" and note.message not in said)
    return [(f"{_lines(row.lines)}: " if row.lines else "") + row.message for row in note_rows(kept)]


def _lines(lines: Sequence[int]) -> str:
    """``line 3``, ``lines 3, 7-9``, of many the first ones."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and runs[-1][-1] == line - 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    words = ["-".join(map(str, run)) for run in runs[:_MOST_LINES]]
    more = " and others" if len(runs) > _MOST_LINES else ""
    return f"{plural(len(set(lines)), 'line')} {', '.join(words)}{more}"
