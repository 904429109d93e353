"""Every row of the form tables, held by its own samples."""

import json
import re
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from pfnscope.bootlog import read
from pfnscope.bootlog.boots.additions import EFFECTS
from pfnscope.bootlog.boots.draft import LIST_OF
from pfnscope.bootlog.effects import FileName, Noted, Remark, Tally
from pfnscope.bootlog.files.lines import FileLine
from pfnscope.bootlog.forms import FORMS, Form
from pfnscope.bootlog.forms.base import architectures_of
from pfnscope.bootlog.records import records
from pfnscope.bootlog.text.searchable import Text
from pfnscope.model.counts import PrintedCounts
from pfnscope.model.log import SratEntry
from pfnscope.patterns import compiled
from tests.bootlog.golden import FILE, meaning

ROOT = Path(__file__).parent.parent.parent
FORMS_FOLDER = ROOT / "app" / "pfnscope" / "bootlog" / "forms"
GOLDEN = json.loads(FILE.read_text())
SAMPLED = [(form, sample) for form in FORMS for sample in form.samples]


def test_names_are_unique_and_every_row_names_its_source() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
    assert all(re.search(r"\.[ch]\b|arch code|kernel/dma", form.source) and form.samples for form in FORMS)


def test_a_row_of_arch_x86_proves_x86_only_where_no_other_architecture_prints_it_too() -> None:
    rows = {form.name: architectures_of(form.source) for form in FORMS}
    assert rows["map-entry"] == {"x86"}
    header = "Determined physical RAM map:\n memory: 0000000010000000 @ 0000000000000000 (usable)\n"
    for banner, size in (("Linux version 4.9.0 (mips64el-linux-gnu)", None), ("Linux version 4.9.0-x86_64", 4096)):
        (boot,) = read(f"{banner}\n{header}Early memory node ranges\n  node   0: [mem 0x0-0xfffffff]\n".encode()).boots
        assert boot.page_size == size, banner


def test_the_golden_file_holds_exactly_these_samples() -> None:
    assert {name: list(samples) for name, samples in GOLDEN.items()} == {
        form.name: list(form.samples) for form in FORMS
    }


def test_the_worked_example_for_contributors_is_a_row_of_the_table() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    (row,) = re.findall("```python\n(.*?)```", page, re.DOTALL)
    assert indent(row.rstrip(), "    ") + "," in (FORMS_FOLDER / "devices.py").read_text()
    meaning_of_it = GOLDEN["acpi-nvs-old"]["PM: Registering ACPI NVS region at 7b5f0000 (118784 bytes)"]
    assert f'`"start": "{meaning_of_it["start"]}"` and `"end": "{meaning_of_it["end"]}"`' in page


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_samples_match_their_row_alone_mean_what_the_golden_file_says_and_are_found_behind_a_prefix(
    form: Form,
) -> None:
    for sample in form.samples:
        assert [row.name for row in FORMS if compiled(row.pattern).match(sample.encode())] == [form.name], sample
        assert meaning(form, sample) == GOLDEN[form.name][sample], sample
        text = f"chatter\n[    0.000000] {sample}\nchatter\n".encode()
        assert [(r.form.name, r.lines) for r in records(Text(text)) if r.form] == [(form.name, (2,))], sample


@pytest.mark.parametrize("form", [form for form in FORMS if form.anchor or form.damaged], ids=lambda form: form.name)
def test_what_is_unmistakable_of_a_row_is_in_a_sample_of_it(form: Form) -> None:
    samples = [sample.encode() for sample in form.samples]
    assert form.anchor is None or any(compiled(form.anchor).find(sample) >= 0 for sample in samples)
    assert form.damaged is None or any(compiled(form.damaged).find(sample) >= 0 for sample in samples)


def test_what_a_row_gives_is_added_to_a_boot() -> None:
    effects = [
        form.make(match.groups(), (1,))
        for form, sample in SAMPLED
        if (match := compiled(form.pattern).match(sample.encode()))
    ]
    kinds = {type(effect) for effect in effects if not isinstance(effect, FileLine | Noted)} - {type(None)}
    assert kinds - {FileName} <= LIST_OF.keys() | EFFECTS.keys()  # the name of a file ends a draft
    assert {effect.field for effect in effects if isinstance(effect, Tally)} <= set(PrintedCounts.__struct_fields__)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] edible", "an unknown type"),
        ("node   0: [mem 0x0000000000001000-0x00000000000zzzzz]", "no hexadecimal number"),
        ("RAMDISK: [mem 0x35e9f000]", "no end"),
        ("PM: Registered nosave memory: [mem 0x0009f000-]", "an end cut off"),
        ("NODE_DATA(0) allocated [mem 0x83efd5000-0x83effxfff]", "no hexadecimal number"),
        ("OF: reserved mem: 0x40000000--0x5fffffff (524288 KiB) map reusable linux,cma", "an unknown separator"),
        ("efi: mem00: [Conventional|   |WB] range=[0x0000000000000000-", "an end cut off"),
        ("ACPI: Reserving FACP table memory at [mem 0x8edae458]", "no end"),
        ("memblock_reserve: [0x0000000001000000]", "no end"),
    ],
)
def test_a_damaged_line_is_no_fact_and_no_silence(line: str, code: str) -> None:
    damaged = list(records(Text(f"[    0.000000] {line}\n".encode())))
    assert [(r.form, r.lines, r.column) for r in damaged] == [(None, (1,), 16)], code


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [
        ("BIOS-e820: 0000000000001000 - 0000000000002000 (usable)", 0x1000, 0x1FFF),
        ("BIOS-e820: [mem 0x0000000000001000-0x0000000000002000] usable", 0x1000, 0x2000),
        ("efi: mem00: [Conventional|] range=[0x1000-0x2000) (0MB)", 0x1000, 0x1FFF),
        ("efi: mem00: [Conventional|] range=[0x1000-0x2000] (0MB)", 0x1000, 0x2000),
        ("SRAT: Node 0 PXM 0 1000-2000", 0x1000, 0x1FFF),
        ("SRAT: Node 0 PXM 0 [mem 0x00001000-0x00002000]", 0x1000, 0x2000),
        ("SRAT: Node 0 PXM 0 1000-1fff", 0x1000, 0x1FFF),
        ("Initmem setup node 0 0000000000001000-0000000000002000", 0x1000, 0x1FFF),
        ("Bootmem setup node 0 0000000000001000-0000000000001fff", 0x1000, 0x1FFF),
        ("[PHY layout]FB       :   0x1000 - 0x2000  (0x1001)", 0x1000, 0x2000),
        ("Initmem setup node 0 [mem 0x00001000-0x00002000]", 0x1000, 0x2000),
        ("reserve RAM buffer: 0000000000001000 - 0000000000002000", 0x1000, 0x2000),
        ("RAMDISK: 00001000 - 00002000", 0x1000, 0x1FFF),
        ("RAMDISK: [mem 0x00001000-0x00002000]", 0x1000, 0x2000),
        ("software IO TLB: mapped [mem 0x0000000000001000-0x0000000000002000] (64MB)", 0x1000, 0x1FFF),
        ("crashkernel reserved: 0x0000000000001000 - 0x0000000000002000 (256 MB)", 0x1000, 0x1FFF),
        ("PM: Registered nosave memory: 0000000000001000 - 0000000000002000", 0x1000, 0x1FFF),
        ("PM: Registered nosave memory: [mem 0x00001000-0x00002000]", 0x1000, 0x2000),
        ("NODE_DATA [0000000000001000 - 0000000000002000]", 0x1000, 0x2000),
        ("NODE_DATA [mem 0x00001000-0x00002000]", 0x1000, 0x2000),
        ("software IO TLB [mem 0x00001000-0x00002000] (64MB) mapped at [x]", 0x1000, 0x1FFF),
        ("software IO TLB [mem 0x00001000-0x00001fff] (64MB) mapped at [x]", 0x1000, 0x1FFF),
        ("software IO TLB at phys 0x1000 - 0x2000", 0x1000, 0x1FFF),
        ("initrd moved from [mem 0x00800000-0x00900000] to [mem 0x00001000-0x00002000]", 0x1000, 0x1FFF),
        ("DMAR: RMRR base: 0x00000000001000 end: 0x00000000002000", 0x1000, 0x2000),
        ("sgx: EPC section 0x1000-0x2000", 0x1000, 0x2000),
        ("SEV-SNP: RMP table physical range [0x1000 - 0x2000]", 0x1000, 0x2000),
        ("SEV-SNP: Segmented RMP base table physical range [0x1000 - 0x2000]", 0x1000, 0x1FFF),
        ("OF: reserved mem: 0x1000..0x2000 (4 KiB) map non-reusable x", 0x1000, 0x2000),
        ("OF: fdt: Ignoring memory range 0x1000 - 0x2000", 0x1000, 0x1FFF),
        ("Ignoring RAM at 00001000-00002000 (vmalloc region overlap).", 0x1000, 0x2000),
        ("#3 [0000001000 - 0000002000]    TEXT DATA BSS", 0x1000, 0x1FFF),
        ("efi:   0x000000001000-0x000000002000 [Conventional|   |WB]", 0x1000, 0x2000),
        ("memblock_reserve: [0x00000000001000-0x00000000002000] x+0x1/0x2", 0x1000, 0x1FFF),
        ("0) Start 0x0000000000001000 End 0x0000000000002000 Size      0 MB", 0x1000, 0x2000),
        ("setup_memory: Memory: 0x1000-0x2000", 0x1000, 0x1FFF),
        ("Reserved - 0x00001000-0x00002000", 0x1000, 0x2FFF),
        ("setup_memory: Main mem: 0x1000-0x2000, size 0x1000", 0x1000, 0x1FFF),
        ("KERNEL -> ROMFS=0x0-0x1000 MEM=0x00001000-0x00002000 STACK=0x00002000-0x00003000", 0x1000, 0x1FFF),
        ("Memory Start=00001000, Memory End=00002000", 0x1000, 0x1FFF),
        ("initrd: reserving 00001000-00002000 (mem_max 40000000)", 0x1000, 0x1FFF),
        ("Ignoring memory below PHYS_OFFSET: 0x00001000-0x00002000", 0x1000, 0x1FFF),
        ("BRK [0x00001000, 0x00002000] PGTABLE", 0x1000, 0x2000),
        ("Placing software IO TLB between 0x1000 - 0x2000", 0x1000, 0x1FFF),
        ("AMD-Vi: IVMD_TYPE_ALL\t\t range_start: 1000 range_end: 2000 flags: f", 0x1000, 0x1FFF),
        ("memblock_reserve: [0x0000000000001000-0x0000000000002000] x+0x1/0x2", 0x1000, 0x2000),
    ],
)
def test_the_end_belongs_to_the_range_or_not_by_syntax(line: str, first: int, last: int) -> None:
    (record,) = records(Text(line.encode()))
    effect: Any = record.effect
    inner = getattr(effect, "entry", None) or getattr(effect, "region", None) or effect
    assert (inner.start, inner.end - 1) == (first, last)


@pytest.mark.parametrize(
    "line",
    [
        "BIOS-e820: [mem 0x00000005d0000000-0x000000064ffffff] soft reserved",
        "BIOS-e820: [mem 0x000000005d0000-0x000000064fffffff] usable",
        "BIOS-e820: [mem 0x00000000000000000-0x0000000000009fbff] usable",
        "node 0: [mem 0x000000000000100-0x000000000009efff]",
        "e820: remove [mem 0x000a000-0x000fffff] usable",
        "RAMDISK: [mem 0x3ff0000-0x0375cffff]",
        "efi: mem01: [Boot Data|   |WB] range=[0x00000000009f00-0x000000000009ffff] (0MB)",
        "memory[0x1] [0x0000000000100000-0x000000000bfff0ff], 0x00000000bff00000 bytes on node 0 flags: 0x0",
        "reserved[0x1] [0x0000000000100000-0x0000000000100fff], 0x0000000000010000 bytes flags: 0x0",
    ],
)
def test_numbers_that_no_kernel_prints_together_are_no_fact_and_no_silence(line: str) -> None:
    (record,) = records(Text(f"[    0.000000] {line}\n".encode()))
    assert isinstance(record.effect, Remark)
    assert (record.effect.code, record.lines) == ("damaged-numbers", (1,))


def test_numbers_of_different_length_are_printed_without_zeros_in_front() -> None:
    (record,) = records(Text(b"SRAT: Node 3 PXM 3 [mem 0xc0000000-0x13fffffff]\n"))
    assert isinstance(record.effect, SratEntry)


def test_frames_of_a_list_that_lost_digits_are_left_out() -> None:
    text = (
        b"Zone PFN ranges:\n  DMA      0x00000010 -> 0x00001000\n  DMA32    0x00001000 -> 0x001000\n"
        b"early_node_map[2] active PFN ranges\n    0: 0x00000010 -> 0x0000009b\n    0: 0x00100 -> 0x000bfff0\n"
    )
    (boot,) = read(text).boots
    assert ([zone.zone for zone in boot.zone_ranges], len(boot.node_ranges)) == (["DMA"], 1)
    assert [d.line for d in boot.diagnostics if d.code == "damaged-numbers"] == [3, 6]
