"""What is advised against dangerous holes is followed, and the danger is gone."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from pfnscope import findings
from pfnscope.analysis import Analysis, analyze
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.findings import remedies, severity, trials
from pfnscope.kernel.release import parse_version
from pfnscope.model.findings import Finding, Remedy
from pfnscope.service import Options
from pfnscope.service import analyze as analysed
from pfnscope.service.whatif import Change, simulate
from tests.support.samples import SLUGS, text
from tools.remedies import KERNELS, Outcome, boots, outcomes

AT_4G = text("seed-1g-4g")
APPENDED = (
    # what makes a danger on 4.17 in two machines, in each form that is reworded
    "memmap=1G!4G", "memmap=1G$4G", "memmap=1000M!4G", "memmap=3G!4G", "memmap=16M!0xbe000000,1G!4G",
    "memmap=64M!3008M", "memmap=4G!4G", "mem=5000M memmap=1G!4G",
)  # fmt: skip


@cache
def followed() -> tuple[Outcome, ...]:
    """All remedies of the example logs and of recorded boots, as they are and as releases that leave much unwritten."""
    texts = [*((slug, text(slug)) for slug in SLUGS), *boots(Path(__file__).parents[1] / "recorded")]
    judged = [(name, data, kernel) for name, data in texts for kernel in (None, *KERNELS)]
    return tuple(item for name, data, kernel in judged for item in outcomes(f"{name} {kernel}", data, kernel))


def test_every_remedy_followed_leaves_no_danger_and_brings_none() -> None:
    assert [(item.boot, item.wrong) for item in followed() if item.wrong] == []


def test_the_remedies_that_are_followed_are_of_every_sort() -> None:
    sorts = Counter(item.argument for item in followed())
    assert sorts["written"] >= 10
    assert sum(item.release for item in followed()) >= 10
    assert all(item.remedy.checked for item in followed() if item.argument or item.release)


def first(data: bytes, kernel: str | None = None) -> tuple[Finding, Remedy]:
    finding = analysed(data, Options(kernel=kernel)).document.findings[0]
    assert finding.remedy is not None
    return finding, finding.remedy


def changed(append: str, slug: str = "seed-no-memmap", kernel: str = "4.17") -> Remedy:
    """What helps against the arguments, appended."""
    document = simulate(text(slug), Change(append=append), Options(kernel=kernel))
    assert document.findings[0].severity == "danger", document.findings[0]
    remedy = document.findings[0].remedy
    assert remedy is not None
    return remedy


def test_the_panic_of_2018_has_a_place_a_release_and_what_to_leave_alone() -> None:
    _, remedy = first(AT_4G)
    assert (remedy.command_line, remedy.release, remedy.checked) == ("memmap=1G!5G", "4.17.4", True)
    assert remedy.text == (
        "Write memmap=1G!5G instead of memmap=1G!4G: in the simulator no danger is left on 4.17, nor on any other"
        " release. Linux 4.17.4 or newer of 4.17.y does not have it, nor do later branches, but 4.19.9 to 4.19.102 do."
        " Until then leave /proc/kpage* (page-types), /sys/kernel/mm/page_idle/bitmap and lsmem (sosreport) alone."
    )


def test_a_crash_gets_the_remedy_of_the_hole_that_it_is_in() -> None:
    finding, remedy = first(text("oops-1g-4g"))
    assert finding.code == "crash-in-hole"
    assert (remedy.command_line, remedy.release) == ("memmap=1G!5G", "4.17.4")


@pytest.mark.parametrize("append", APPENDED)
@pytest.mark.parametrize("slug", ["seed-no-memmap", "uneven-nodes"])
def test_arguments_that_make_a_danger_are_reworded_or_left_out(slug: str, append: str) -> None:
    real = analyze(read(text(slug)).boots[-1], kernel="4.17")
    before, _ = what_if(real, f"{real.log.command_line} {append}")
    if severity(before) != "danger":
        assert slug != "seed-no-memmap" or append in ("memmap=1000M!4G", "memmap=64M!3008M", "mem=5000M memmap=1G!4G")
        return
    remedy = changed(append, slug)
    old = remedy.text.partition(" instead of ")[2].partition(":")[0].partition(" (")[0]
    if remedy.command_line is None:
        assert remedy.text.startswith(f"Leave out {append}: ")
    line = f"{real.log.command_line} {append.replace(old or append, remedy.command_line or '')}"
    assert severity(what_if(real, line)[0]) != "danger"


@pytest.mark.parametrize(
    ("append", "written"),
    [
        ("memmap=16M!0xbe000000,1G!4G", "memmap=16M!0xbe000000,1G!5G"),  # one of a list
        ("memmap=0x40000000!0x100000000", "memmap=0x40000000!5G"),  # the size as it was
        ("memmap=3G!4G", "memmap=3G!5G"),
    ],
)
def test_a_region_goes_to_the_nearest_round_start(append: str, written: str) -> None:
    assert changed(append).command_line == written


def test_where_no_multiple_of_1_gib_is_safe_the_start_is_that_of_a_section() -> None:
    assert changed("memmap=3G!4G", "uneven-nodes").command_line == "memmap=3G!4224M"


def test_a_reserved_region_says_how_boot_loaders_take_its_sign() -> None:
    remedy = changed("memmap=1G$4G")
    assert remedy.command_line == "memmap=1G$5G"
    assert r"(for GRUB 2 write memmap=1G\\\$5G in /etc/default/grub, memmap=1G\$5G in grub.cfg; systemd" in remedy.text
    assert "GRUB" not in changed("memmap=1G!4G").text


@pytest.mark.parametrize(
    ("kernel", "release", "words"),
    [
        ("4.15", "4.17.4", "Linux 4.17.4 or newer of 4.17.y does not have it, nor do later branches, but 4.19.9 to"),
        ("4.19.50", "4.19.103", "Linux 4.19.103 or newer of 4.19.y does not have it, nor do later branches."),
        ("4.15.0-20-generic", None, "Of kernels of Ubuntu the version number says nothing: ask for a backport of"),
        ("4.18.0-80.el8.x86_64", None, None),
    ],
)
def test_the_nearest_release_is_of_the_same_branch_if_it_can(
    kernel: str, release: str | None, words: str | None
) -> None:
    document = analysed(AT_4G, Options(kernel=kernel)).document
    if words is None:  # RHEL 8.0 as 4.18 reserves what e820 does not call RAM
        assert document.findings[0].severity != "danger"
        return
    _, remedy = first(AT_4G, kernel)
    assert remedy.release == release
    assert words in remedy.text


def test_a_vendor_is_asked_for_the_commit_after_which_no_rule_is_a_danger() -> None:
    _, remedy = first(AT_4G, "4.15.0-20-generic")
    assert "907ec5fca3dc (“mm: zero remaining unavailable struct pages”), in Linux since 4.20." in remedy.text
    assert remedy.command_line == "memmap=1G!5G"


def test_the_releases_in_danger_are_those_that_judge_the_layout_so() -> None:
    analysis = analyze(read(AT_4G).boots[0])
    assert str(analysis.dangerous_on) == "4.15 to 4.17.3, 4.19.9 to 4.19.102"
    for release in ("4.14.60", "4.15", "4.17.3", "4.17.4", "4.18", "4.19.8", "4.19.9", "4.19.103", "5.4", "6.1", "7.3"):
        judged = analyze(read(AT_4G).boots[0], kernel=release)
        assert (severity(judged) == "danger") is (parse_version(release) in analysis.dangerous_on), release


def test_where_no_line_names_the_release_the_releases_are_assumed() -> None:
    lines = AT_4G.replace(b"4.17.0-rc6-mm1", b"").splitlines(keepends=True)
    _, remedy = first(b"".join(line for line in lines if b"Linux version" not in line))
    assert remedy.command_line == "memmap=1G!5G"
    assert (
        "in the simulator no danger is left on any release. Find out the release (uname -r): assumed is that 4.1"
        in remedy.text
    )
    assert remedy.release is None


def test_a_log_that_contradicts_its_release_gets_no_release_and_an_argument_that_leaves_out_the_hole() -> None:
    finding, remedy = first(text("oops-1g-4g").replace(b"4.17.0", b"5.3.0"))
    assert finding.severity == "danger"
    assert (remedy.command_line, remedy.release) == ("memmap=1G!5G", None)
    assert "By its number 5.3 writes these struct pages" in remedy.text


def test_nothing_is_tried_before_a_remedy_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = analyze(read(AT_4G).boots[0])

    def refuse(*_: object) -> Remedy:
        raise AssertionError

    monkeypatch.setattr(remedies, "_remedy", refuse)
    assert severity(analysis) == "danger"
    with pytest.raises(AssertionError):
        findings.findings(analysis)


def test_a_trial_reads_no_remedy_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis, remedy, seen = analyze(read(AT_4G).boots[0]), remedies._remedy, []

    def counting(subject: Analysis, *rest: object) -> Remedy | None:
        seen.append(subject.origin)
        return remedy(subject, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(remedies, "_remedy", counting)
    findings.findings(analysis)
    assert seen == ["log"]


def test_a_map_of_many_ranges_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "MOST_RANGES", 5)
    _, remedy = first(AT_4G)
    assert remedy == Remedy("No other argument or release was tried: the text has 11 ranges.")


def test_where_the_region_has_to_stay_the_rest_of_the_section_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_PLACED", 5)
    _, remedy = first(AT_4G)
    assert remedy.command_line == "memmap=130908K$2944M"  # up to the hole at 0xbffd7000
    assert "it gives up 127.84 MiB, and in the simulator no danger is left on 4.17, nor on any other" in remedy.text
    document = simulate(AT_4G, Change(append=remedy.command_line))
    assert document.findings[0].severity != "danger"


def test_of_a_larger_map_places_are_not_searched_which_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_PLACED", 5)
    monkeypatch.setattr(trials, "MOST_FILLED", 0)
    _, remedy = first(AT_4G)
    assert remedy.command_line is None
    assert remedy.text.startswith(
        "Leave out memmap=1G!4G: in the simulator no danger is left on 4.17, nor on any other"
    )
    assert "; other places were not searched." in remedy.text


def test_no_more_boots_are_simulated_than_the_budget_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_BOOTS", 1)
    _, remedy = first(AT_4G)
    assert remedy.command_line is None
    assert "No other argument helps, as far as the simulator was let try." in remedy.text
    assert remedy.text.startswith("Linux 4.17.4")


def tails(nodes: int, release: str = "4.19.50") -> bytes:
    """A machine of nodes of 4 GiB each, at whose ends firmware keeps 16 MiB for itself."""
    gib, keeps = 1 << 30, 16 << 20
    ends = [(node, node * 4 * gib or 1 << 20, (node + 1) * 4 * gib) for node in range(nodes)]
    usable = [(0x1000, 0x9F000), *((start, end - keeps) for _, start, end in ends)]
    reserved = [(end - keeps, end) for _, _, end in ends]
    lines = [
        f"Linux version {release} (a@b) (gcc) #1 SMP",
        "Command line: ro quiet",
        "BIOS-provided physical RAM map:",
        *(
            f"BIOS-e820: [mem {start:#018x}-{end - 1:#018x}] {'usable' if (start, end) in usable else 'reserved'}"
            for start, end in sorted(usable + reserved)
        ),
        *(f"SRAT: Node {n} PXM {n} [mem {start & -gib:#018x}-{end - 1:#018x}]" for n, start, end in ends),
        "Zone ranges:",
        "  DMA      [mem 0x0000000000001000-0x0000000000ffffff]",
        "  DMA32    [mem 0x0000000001000000-0x00000000ffffffff]",
        f"  Normal   [mem 0x0000000100000000-{usable[-1][1] - 1:#018x}]",
        "Movable zone start for each node",
        "Early memory node ranges",
        "  node   0: [mem 0x0000000000001000-0x000000000009efff]",
        *(f"  node   {n}: [mem {start:#018x}-{end - keeps - 1:#018x}]" for n, start, end in ends),
    ]
    return "".join(f"[    0.000000] {line}\n" for line in lines).encode()


def test_a_tail_that_firmware_leaves_costs_the_rest_of_its_section() -> None:
    finding, remedy = first(tails(2))
    assert finding.severity == "danger"
    assert remedy.command_line == "memmap=112M$3968M"
    assert remedy.text.startswith(
        r"Add memmap=112M$3968M (for GRUB 2 write memmap=112M\\\$3968M in /etc/default/grub, "
    )
    assert (
        "it gives up 112 MiB, and in the simulator no danger is left on 4.19.50, nor on any other release."
        in remedy.text
    )
    assert [item.wrong for item in outcomes("two nodes", tails(2))] == [()]


def test_tails_of_more_nodes_than_kaslr_avoids_regions_are_left_to_another_release() -> None:
    _, remedy = first(tails(7))
    assert (remedy.command_line, remedy.release) == (None, "4.19.103")
    assert remedy.text.startswith(
        "Linux 4.19.103 or newer of 4.19.y does not have it, nor do later branches. No argument"
    )
    assert "No argument made these 6 holes, and none that was tried helps." in remedy.text


def test_a_tree_with_a_known_regression_is_to_be_left_for_its_release() -> None:
    lines = text("oops-1g-4g").replace(b"4.17.0", b"5.11.0-rc5").splitlines(keepends=True)
    _, remedy = first(b"".join(line for line in lines if b"Reserved but unavailable" not in line))
    assert remedy.command_line == "memmap=1G!5G"
    assert "5.11 itself writes these struct pages: take it, or a tree in which 377bf660d07a reverts d392" in remedy.text


def test_on_arm64_a_limit_is_a_total_and_no_region_is_reserved() -> None:
    """Memory begins at 1 GiB, sections have 128 MiB: 1500 MiB of memory end in one, 1536 MiB with one."""
    real = analyze(read((Path(__file__).parents[1] / "recorded/arm64/dmesg.txt").read_bytes()).boots[-1])
    limited, _ = what_if(real, "quiet mem=1500M")
    (hole,) = limited.holes
    assert [cause.arguments for cause in limited.causes] == [("mem=1500M",)]
    tried = trials.Trials(limited, [hole])
    assert not tried.why_not
    assert tried.filled() is None
    instead = tried.reworded(("mem=1500M",))
    assert instead is not None
    assert (instead.argument, instead.instead) == ("mem=1536M", "mem=1500M")
    assert instead.analysis.holes == ()
    low = trials.Trials(what_if(real, "quiet mem=1410M")[0], [hole]).reworded(("mem=1410M",))
    assert low is not None
    assert low.argument == "mem=1408M"
