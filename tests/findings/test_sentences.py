"""What the kernel itself says failed leads the findings: alone, in a mail, in a whole log, not on its healthy twin."""

import subprocess
import sys
import textwrap

import pytest

from pfnscope.analysis import analyze
from pfnscope.bootlog import read
from pfnscope.bootlog.effects import Panic
from pfnscope.bootlog.forms import FORMS
from pfnscope.findings import findings
from pfnscope.findings.codes import BY_CODE
from pfnscope.model.findings import Finding
from pfnscope.model.log import Failure
from pfnscope.patterns import compiled
from pfnscope.service.analyzing import Options
from pfnscope.service.errors import NothingToDraw
from pfnscope.service.jobs import kept_and_drawn

HEALTHY = """\
[    0.000000] Linux version 6.12.40 (build@example) (gcc 14.2.0) #1 SMP x86_64
[    0.000000] Command line: root=/dev/vda1 ro
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000100000000-0x000000027fffffff] usable
[    0.000000] NX (Execute Disable) protection: active
[    0.000000] last_pfn = 0x280000 max_arch_pfn = 0x400000000
[    0.000000] Zone ranges:
[    0.000000]   DMA      [mem 0x0000000000001000-0x0000000000ffffff]
[    0.000000]   DMA32    [mem 0x0000000001000000-0x00000000ffffffff]
[    0.000000]   Normal   [mem 0x0000000100000000-0x000000027fffffff]
[    0.000000]   Device   empty
[    0.000000] Movable zone start for each node
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000000001000-0x000000000009ffff]
[    0.000000]   node   0: [mem 0x0000000000100000-0x000000007fffffff]
[    0.000000]   node   0: [mem 0x0000000100000000-0x000000027fffffff]
[    0.000000] Initmem setup node 0 [mem 0x0000000000001000-0x000000027fffffff]
[    0.000000] On node 0, zone DMA: 1 pages in unavailable ranges
[    0.000000] On node 0, zone DMA: 96 pages in unavailable ranges
"""


def findings_of(text: str) -> list[Finding]:
    (boot,) = read(text.encode()).boots
    return list(findings(analyze(boot)))


def in_a_log(line: str) -> str:
    return f"{HEALTHY}[    3.141592] {line}\n"


def in_a_mail(line: str, width: int = 72) -> str:
    wrapped = textwrap.wrap(f"[    3.141592] {line}", width, break_long_words=False, break_on_hyphens=False)
    quoted = "\n".join(f"> {part}" for part in wrapped)
    return f"Hello,\n\nsince the upgrade my machine prints this:\n\n{quoted}\n\nWhat does it mean?\n"


def failure_of(form_name: str, sample: str) -> Failure | None:
    (form,) = [form for form in FORMS if form.name == form_name]
    match = compiled(form.pattern).match(sample.encode())
    effect = form.make(match.groups(), (1,)) if match else None
    effect = effect.failure if isinstance(effect, Panic) else effect
    return effect if isinstance(effect, Failure) else None


SAMPLES = [
    (form.name, sample) for form in FORMS for sample in form.samples if failure_of(form.name, sample) is not None
]


def test_the_healthy_twin_has_nothing_to_do() -> None:
    assert [finding.code for finding in findings_of(HEALTHY)] == ["nothing-to-do"]


@pytest.mark.parametrize(("form", "sample"), SAMPLES)
def test_a_sentence_of_the_kernel_is_the_first_finding_of_a_line_and_of_a_wrapped_quotation(
    form: str, sample: str
) -> None:
    failure = failure_of(form, sample)
    assert failure is not None
    for text in (f"{sample}\n", in_a_mail(sample), in_a_mail(sample, 80)):
        first = findings_of(text)[0]
        assert (first.code, first.text) == (failure.code, failure.text), text


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (
            "cannot allocate crashkernel (size:0x30000000)",
            "crashkernel-failed",
            "The kernel could not reserve 768 MiB for a crash kernel.",
        ),
        (
            "Cannot reserve 128MB crashkernel low memory, please try smaller size.",
            "crashkernel-low-failed",
            "The kernel could not reserve 128 MiB for a crash kernel below 4 GiB.",
        ),
        (
            "crashkernel size resulted in zero bytes",
            "crashkernel-value",
            "crashkernel= asks for no memory on a machine with this much RAM, so no crash kernel can be loaded.",
        ),
        ("cma: Failed to reserve 2048 MiB", "cma-failed", "The kernel could not reserve 2 GiB for CMA."),
        (
            "hugetlb_cma: reservation failed: err -12, node 3",
            "hugetlb-cma-failed",
            "The kernel could not reserve memory for hugetlb_cma= on node 3: no room.",
        ),
        (
            "HugeTLB: allocating 96 of page size 1.00 GiB failed.  Only allocated 61 hugepages.",
            "huge-pages-failed",
            "Of 96 huge pages of 1 GiB the kernel could allocate 61.",
        ),
        (
            "HugeTLB: unsupported hugepagesz=8G",
            "huge-pages-ignored",
            "The kernel does not take an argument for huge pages: unsupported hugepagesz=8G.",
        ),
        (
            "xhci_hcd 0000:00:14.0: swiotlb buffer is full (sz: 131072 bytes), total 32768 (slots), used 32760 (slots)",
            "swiotlb-full",
            "A device found no room for 128 KiB in the bounce buffers (swiotlb): 32760 of 32768 slots were taken.",
        ),
        (
            "nd_pmem namespace1.0: [mem 0x1140000000-0x1bbfefffff flags 0x200] misaligned, unable to map",
            "pmem-misaligned",
            "Persistent memory namespace1.0 is not used: 42 GiB at [0x1140000000, 0x1bbff00000) neither begins",
        ),
        (
            "Block size [0x80000000] unaligned hotplug range: start 0x1080000000, size 0x40000000",
            "unaligned-hotplug",
            "The kernel refused to add 1 GiB at [0x1080000000, 0x10c0000000): it takes whole memory blocks of 2 GiB",
        ),
        (
            "memory offlining [mem 0x1080000000-0x10ffffffff] failed due to failure to isolate range",
            "offline-failed",
            "The kernel could not take 2 GiB at [0x1080000000, 0x1100000000) offline: failure to isolate range.",
        ),
        (
            "online_pages [mem 0x1080000000-0x10ffffffff] failed",
            "online-failed",
            "The kernel could not bring 2 GiB at [0x1080000000, 0x1100000000) online.",
        ),
        (
            "kmem dax2.0: mapping0: 0x1080000000-0x187fffffff memory add failed",
            "hotadd-failed",
            "The kernel could not add 32 GiB at [0x1080000000, 0x1880000000) of the device dax2.0.",
        ),
        (
            "Hotplug memory [0x800000000000-0x80007fffffff] exceeds maximum addressable range [0x0-0x7fffffffffff]",
            "hotadd-beyond-range",
            "The kernel refused to add 2 GiB at [0x800000000000, 0x800080000000): it can reach addresses from 0x0 to",
        ),
        (
            "PM: hibernation: Image mismatch: memory size",
            "hibernation-image",
            "The kernel does not resume from the image of hibernation: this boot has another amount of RAM.",
        ),
        (
            "PM: hibernation: Image allocation is 18432 pages short",
            "hibernation-memory",
            "The kernel could not hibernate: 18,432 pages more are needed to copy memory.",
        ),
        (
            "PM: hibernation: [Firmware Bug]: Memory map mismatch at 0x7a1b4000 after hibernation",
            "hibernation-map",
            "The memory map changed since the machine hibernated: 0x7a1b4000 was RAM then and is not now.",
        ),
        (
            "NUMA: nodes only cover 6143MB of your 8191MB e820 RAM. Not used.",
            "numa-rejected",
            "The kernel rejected the firmware's nodes: they leave out 2 GiB of 8 GiB RAM, so all memory is one node.",
        ),
        (
            "ACPI NUMA: Failed to add memblk for CFMWS node 3 [mem 0x1080000000-0x187fffffff]",
            "numa-rejected",
            "The kernel has no room for 32 GiB at [0x1080000000, 0x1880000000) of node 3 in its table of nodes.",
        ),
        (
            "Kernel panic - not syncing: sparse_buffer_init: Failed to allocate 67108864 bytes align=0x40 nid=1",
            "early-allocation-failed",
            "The kernel found no 64 MiB on node 1 while it started, in sparse_buffer_init(), and panicked.",
        ),
        (
            "Kernel panic - not syncing: System is deadlocked on memory",
            "out-of-memory-panic",
            "The kernel ran out of memory and panicked: no process was left that it could kill.",
        ),
        (
            "sparse_init_nid: node[2] memory map backing failed. Some memory will not be available.",
            "struct-pages-unallocated",
            "The kernel found no room for struct pages of node 2: some of its memory is not used.",
        ),
        (
            "SEV-SNP: Memory reserved for the RMP table does not cover full system RAM (expected 0x80000 got 0x4000)",
            "rmp-unusable",
            "SEV-SNP is off: the firmware's RMP table has 16 KiB and needs 512 KiB for all RAM.",
        ),
        (
            "KHO: Failed to reserve scratch area, disabling kexec handover",
            "kho-failed",
            "Kexec handover (KHO) is off: the kernel could not reserve its scratch memory.",
        ),
        (
            "fadump: Can't enable fadump with boot memory size (0x20000000) less than 0x40000000",
            "fadump-failed",
            "Firmware-assisted dump is off: 512 MiB for the capture kernel are less than the 1 GiB that it needs.",
        ),
        (
            "INITRD: 0x90000000+0x02000000 overlaps in-use memory region - disabling initrd",
            "initrd-disabled",
            "The initial RAM disk, 32 MiB at [0x90000000, 0x92000000), is not used: it overlaps memory that is in use.",
        ),
        (
            "Warning only 3072MB will be used.",
            "memory-beyond-reach",
            "Only 3072 MiB of RAM are used: this 32-bit kernel reaches no more.",
        ),
    ],
)
def test_where_nothing_worse_is_the_kernels_sentence_leads(line: str, code: str, sentence: str) -> None:
    for text in (in_a_log(line), in_a_mail(line), f"{line}\n"):
        first, *rest = findings_of(text)
        assert first.code == code
        assert first.text.startswith(sentence)
        assert first.severity == "caution"
        assert first.lines
        assert not any(finding.code.startswith("nothing-to-do") for finding in rest)
    assert code not in [finding.code for finding in findings_of(HEALTHY)]


@pytest.mark.parametrize(
    "line",
    [
        "ACPI: SLIT table looks invalid. Not used.",
        "DMA: failed to allocate 512 KiB GFP_KERNEL|GFP_DMA pool for atomic allocation",
        "migrating pfn 1a2b3c failed ret:1",
        "Ignoring crashkernel for a Xen PV domain",
        "e820: cannot find a gap in the 32bit address range",
    ],
)
def test_what_needs_no_action_stands_behind_that_there_is_nothing_to_do(line: str) -> None:
    calm, said = findings_of(in_a_log(line))
    assert calm.code == "nothing-to-do-but-know"
    assert (said.severity, BY_CODE[said.code].severity) == ("info", "info")
    (alone,) = findings_of(f"{line}\n")
    assert (alone.code, alone.text) == (said.code, said.text)


@pytest.mark.parametrize(
    "line",
    [
        "HugeTLB: registered 1.00 GiB page size, pre-allocated 61 pages",
        "cma: Reserved 64 MiB at 0x000000006be00000",
        "crashkernel reserved: 0x000000005f000000 - 0x000000006f000000 (256 MB)",
        "software IO TLB: mapped [mem 0x000000007bfe0000-0x000000007ffe0000] (64MB)",
        "Offlined Pages 32768",
        "PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]",
        "KHO: found kexec handover data.",
        "SRAT: PXM 0 -> APIC 0x00 -> Node 0",
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    ],
)
def test_what_went_well_is_no_finding(line: str) -> None:
    codes = [finding.code for finding in findings_of(in_a_log(line)) if finding.code != "crashkernel-reserved"]
    assert codes == ["nothing-to-do"]


def test_one_line_is_enough_for_the_command_and_for_the_page() -> None:
    line, said = b"PM: Image mismatch: memory size\n", "The kernel does not resume from the image of hibernation: this"
    command = [sys.executable, "-m", "pfnscope", "analyze", "-"]
    done = subprocess.run(command, input=line, capture_output=True, check=True)
    assert " ".join(done.stdout.decode().split()).startswith(f"CAUTION: {said}")
    with pytest.raises(NothingToDraw) as refusal:
        kept_and_drawn(line, Options(), "memory-lines", 1000)
    assert refusal.value.sentences[0].startswith(said)
    assert refusal.value.severity == "caution"
