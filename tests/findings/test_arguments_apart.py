"""Memory arguments, one by one: what their findings tell beside their sentence, and when nothing is said."""

import pytest

from pfnscope.analysis import analyze, machine
from pfnscope.analysis.whatif import what_if
from pfnscope.bootlog import read
from pfnscope.findings import arguments, findings, severity
from pfnscope.findings.drafts import MOST_ALIKE
from pfnscope.kernel.release import Version
from pfnscope.model.log import BootLog
from pfnscope.report.simulated import agreement
from pfnscope.service import whatif as service
from pfnscope.simulation import SimulatedBoot, simulate
from tests.support.argument_logs import (
    GIB,
    IMAGE,
    MIB,
    NODES,
    RAM,
    UNCHANGED,
    Machine,
    analysis_of,
    entry,
    mem,
    own,
    whole,
)


def test_a_release_that_parsed_arguments_too_early_is_named_and_the_nearest_that_does_not() -> None:
    first = findings(analysis_of(whole(Machine(line="mem=5G", release="5.15.7", user=UNCHANGED, nodes=NODES))))[0]
    assert any("8d48bf8206f7" in sentence for sentence in first.details)
    assert first.remedy is not None
    assert first.remedy.release == "5.15.12"
    assert not first.remedy.checked
    other = Machine(line="mem=5G", release="6.12.40", user=UNCHANGED, nodes=NODES)
    first = findings(analysis_of(whole(other)))[0]
    assert first.code == "argument-no-effect"
    assert not any("8d48bf8206f7" in sentence for sentence in first.details)
    assert first.remedy is None


def test_without_a_user_defined_map_node_ranges_show_that_an_argument_had_no_effect() -> None:
    text = "\n".join(line for line in Machine(line="mem=5G", nodes=NODES).log if not line.startswith("user"))
    first = findings(analysis_of(text))[0]
    assert first.text == "mem=5G had no effect: [5 GiB, 10 GiB) is still RAM."
    assert first.details[0] == "The node ranges of the log have it as memory."


@pytest.mark.parametrize(
    ("release", "named", "said"),
    [("6.6.20", "6.6.33", True), ("6.1.80", None, False), ("6.1.90", "6.1.93", True), ("6.6.33", None, False)],
)
def test_the_release_that_keeps_the_kernel_out_of_regions_is_named_where_it_does_not_yet(
    release: str, named: str | None, said: bool
) -> None:
    analysis = analysis_of(whole(Machine(line="memmap=1G!5G", release=release, behind=IMAGE)))
    first = findings(analysis)[0]
    assert [item.code for item in findings(analysis) if item.subject == "arguments"] == ["image-not-ram"]
    assert first.remedy is not None
    assert first.remedy.release == named
    assert any("15aa8fb852f9" in sentence for sentence in first.details) is said


def test_a_correction_that_would_leave_struct_pages_unwritten_is_not_offered() -> None:
    """On 4.17 nothing initialises the end of a section behind a node, and the region makes node 0 end there."""
    ram = (RAM[0], (MIB, 0x77FF0000), RAM[2])
    log = whole(Machine(line="memmap=3G@4G", release="4.17.0", ram=ram))
    [item] = [item for item in own(analysis_of(log)) if item.code == "memmap-reserves-nothing"]
    assert item.remedy is not None
    assert item.remedy.command_line is None
    assert "memmap=3G$4G is no better, simulated: nothing would write the struct pages of" in item.remedy.text


def test_arguments_that_did_what_they_say_are_told_calmly() -> None:
    analysis = analysis_of(whole(Machine(line="memmap=1G!5G memmap=1G$6G mem=9G")))
    assert [(item.severity, item.text) for item in own(analysis)] == [
        ("info", "memmap=1G!5G: [5 GiB, 6 GiB) is persistent memory, as it says."),
        ("info", "memmap=1G$6G: [6 GiB, 7 GiB) is reserved, as it says."),
        ("info", "mem=9G: 1 GiB of 7.87 GiB RAM lie above 9 GiB and are left out, as it says."),
    ]
    assert findings(analysis)[0].code == "nothing-to-do-but-know"


def test_more_regions_than_kaslr_avoids() -> None:
    line = "memmap=" + ",".join(f"128M${4096 + 128 * at}M" for at in range(5))
    codes = {item.code: item.text for item in own(analysis_of(whole(Machine(line=line))))}
    assert "KASLR avoids 4 memmap= regions; with 5 regions the kernel is not moved" in codes["kaslr-off"]
    assert "kaslr-off" not in {item.code for item in own(analysis_of(whole(Machine(line=f"nokaslr {line}"))))}
    four = ",".join(line.split(",")[:4])
    assert "kaslr-off" not in {item.code for item in own(analysis_of(whole(Machine(line=four))))}
    apart = line.replace(",", " memmap=", 2)  # a list that goes on behind the fourth
    assert "kaslr-off" in {item.code for item in own(analysis_of(whole(Machine(line=apart))))}


def test_a_fifth_argument_is_no_reason_for_kaslr_to_leave_the_kernel_where_it_is() -> None:
    line = " ".join(f"memmap=128M${4096 + 128 * at}M" for at in range(5))
    codes = {item.code: item.text for item in own(analysis_of(whole(Machine(line=line))))}
    assert codes["kaslr-overlooks"].startswith("memmap=128M$4608M: KASLR avoids the first 4 memmap= regions")
    assert "kaslr-off" not in codes
    assert "kaslr-overlooks" not in {item.code for item in own(analysis_of(whole(Machine(line=f"{line} nokaslr"))))}


def test_fake_nodes_of_a_kernel_that_fakes_none() -> None:
    log = whole(Machine(line="numa=fake=4", nodes=NODES))
    assert "numa=fake=4 had no effect" in findings(analysis_of(log))[0].text
    text = log.replace("Zone ranges:", f"Faking node 0 at {mem(0, GIB)} (1024MB)\nZone ranges:")
    assert own(analysis_of(text)) == []


def test_a_map_that_nothing_explains_is_told_and_is_no_reason_to_worry() -> None:
    """The kernel of this log has another map than its command line makes: RAM from 9 GiB on is gone."""
    user = (*UNCHANGED[:-1], entry("user", 4 * GIB, 9 * GIB, "usable"))
    nodes = (*NODES[:2], f"  node   1: {mem(7 * GIB, 9 * GIB)}")
    [item] = own(analysis_of(whole(Machine(line="mem=8G", user=user, nodes=nodes))))
    assert (item.code, item.severity) == ("arguments-not-reproduced", "info")
    assert "the log prints [0x100000000, 0x240000000) ram" in item.text


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*Machine(line="memmap=5G4G").head[:2], "Early memory node ranges", *NODES]),
        "\n".join(line for line in Machine(line="memmap=1G!12G").log if not line.startswith("Command line")),
        whole(Machine(line="quiet")),
    ],
)
def test_without_a_command_line_or_a_map_nothing_is_said(text: str) -> None:
    assert own(analysis_of(text)) == []


def test_of_a_map_that_the_arguments_have_worked_on_it_is_not_said_where_ram_was() -> None:
    log = Machine(line="memmap=1G!5G").log
    text = "\n".join(line for line in log if not line.startswith(("BIOS", "ACPI")))
    assert {item.code for item in own(analysis_of(text))} <= {"memory-argument"}


def test_other_architectures_read_mem_in_their_own_way() -> None:
    text = whole(Machine(line="mem=5G", user=UNCHANGED, nodes=NODES))
    assert list(arguments.drafts(analyze(read(text.encode()).boots[-1], arch="arm64"))) == []


def test_of_many_findings_of_one_kind_the_first_are_told() -> None:
    line = " ".join(f"memmap=1M!{20 + at}G" for at in range(40))
    assert len(own(analysis_of(whole(Machine(line=line))))) <= 2 * MOST_ALIKE


def test_a_failed_self_check_has_its_reason() -> None:
    text = whole(Machine(line="mem=5G", release="5.15.7", user=UNCHANGED, nodes=NODES)).encode()
    in_vain, fine = service.simulate(text), service.simulate(whole(Machine(line="mem=5G")).encode())
    assert in_vain.simulation is not None
    assert fine.simulation is not None
    assert agreement(in_vain.simulation).endswith("mem=5G had no effect: [5 GiB, 10 GiB) is still RAM.")
    assert (fine.simulation.replays, fine.simulation.reasons) == (True, ())


def test_a_simulated_boot_is_told_of_its_own_arguments() -> None:
    real = analysis_of(whole(Machine(line="memmap=1G!5G", release="6.6.20", behind=IMAGE)))
    moved, _ = what_if(real, "root=/dev/sda2 nokaslr memmap=1G!5G")
    assert {item.code for item in own(moved)} == {"memory-argument"}
    again, _ = what_if(real, "root=/dev/sda2 memmap=1G!4864M")
    assert {item.code for item in own(again)} == {"image-in-region"}
    wrong, _ = what_if(real, "root=/dev/sda2 memmap=1G!12G")
    assert {item.code for item in own(wrong)} == {"region-not-ram"}


def test_a_log_costs_one_simulated_boot_and_a_remedy_a_few_more(monkeypatch: pytest.MonkeyPatch) -> None:
    boots: list[str] = []

    def counted(log: BootLog, command_line: str, version: Version | None) -> SimulatedBoot:
        boots.append(command_line)
        return simulate(log, command_line, version)

    monkeypatch.setattr(machine, "simulate", counted)
    quiet = analysis_of(whole(Machine(line="crashkernel=256M hugepages=4 movablecore=1G")))
    assert severity(quiet) in ("none", "info")
    assert boots == []
    wrong = analysis_of(whole(Machine(line="memmap=1G6G memmap=1G!12G")))
    assert severity(wrong) == "caution"
    assert len(boots) == 1
    own(wrong)
    assert len(boots) <= 6
