"""Every line of docs/ways.md, typed into a shell where its tool prints a log as it does: the log's own document."""

import gzip
import json
import lzma
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pfnscope.opening.texts import opened
from pfnscope.service.analyzing import Options, analyze, encode
from tests.support import ways
from tests.support.headers import DUMPS
from tests.support.pages import ROOT, Command, commands
from tests.support.samples import text
from tests.support.wrappings import tar_of

LOG = text("seed-1g-4g")
OTHER = text("seed-no-memmap")
PAGE = "docs/ways.md"

# What a tool prints, by the beginning of its command line.
TOOLS: dict[str, bytes] = {
    "dmesg": LOG,
    "dmesg -T": ways.human(LOG),
    "ssh web1 dmesg": LOG,
    "journalctl -k": ways.journal(LOG),
    "journalctl -k -b -1": ways.journal(LOG),
    "journalctl -k -b -o json": ways.journal_json(LOG),
    "journalctl --file": ways.journal(LOG),
    "journalctl --directory": ways.hosts(OTHER, LOG, before="{when} {host} kernel: "),
    "vmcore-dmesg vmcore": LOG,
    "crash": ways.crash(LOG),
    "ipmitool": ways.sol(LOG),
    "console": b"[Enter `^Ec?' for help]\r\n" + ways.conserver(LOG),
    "virsh console": ways.virsh(LOG),
    "kubectl debug": ways.debug_pod(LOG),
    "kubectl logs": ways.npd(text("oops-1g-4g")),
    "gh run view": ways.github(LOG),
    "curl -s https://gitlab": ways.gitlab(LOG),
    "curl -s https://jenkins": ways.jenkins(LOG),
    "curl -s https://lava": ways.lava(LOG),
    "curl -s https://storage.kernelci": gzip.compress(ways.kernelci(LOG)),
    "aws ec2 get-console-output --instance-id i-0123456789abcdef0 --latest": ways.aws_json(LOG),
    "aws ec2 get-console-output --instance-id i-0123456789abcdef0 --latest --output text": ways.aws(LOG),
    "gcloud compute instances get-serial-port-output": ways.gcp(LOG),
    "az vm boot-diagnostics get-boot-log": LOG.replace(b"\n", b"\r\n"),
    "openstack console log show": LOG,
}
REPORT = {"web1/sos_commands/kernel/dmesg": LOG, "web1/version.txt": b"sosreport: 4.5\n"}
FILES: dict[str, bytes] = {
    "messages": ways.journal(LOG) + b"Jun  4 10:01:00 web1 systemd[1]: Started something.\n",
    "sosreport-web1-2026-06-04.tar.xz": lzma.compress(tar_of(REPORT)),
    "scc_web1_260604_1000.txz": lzma.compress(
        tar_of({"scc_web1/boot.txt": b"#==[ Command ]==#\n# /bin/dmesg -T\n" + LOG})
    ),
    "screenlog.0": ways.screen(LOG),
    "minicom.cap": ways.minicom(LOG),
    "netconsole.log": ways.hosts(OTHER, LOG, before="{when} {host} "),
    "var/consoles/web1": ways.conserver(LOG),
    "var/log/netconsole/10.0.0.2.log": ways.each(LOG, "{when} 10.0.0.2 "),
    "var/crash/127.0.0.1-2026-06-04-10:00:00/vmcore": DUMPS["kdump"],
    "var/crash/127.0.0.1-2026-06-04-10:00:00/vmcore-dmesg.txt": LOG,
    **{f"sys/fs/pstore/{name}": part for name, part in ways.pstore(LOG).items()},
}
EVENTS = "node-problem-detector"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the page names, and the tools in ``bin``."""
    folder = tmp_path_factory.mktemp("ways")
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "bin").mkdir()
    (folder / "log").write_bytes(LOG)
    by_tool: dict[str, list[str]] = {}
    for number, (line, printed) in enumerate(sorted(TOOLS.items(), key=lambda item: len(item[0]), reverse=True)):
        (folder / f"{number}.printed").write_bytes(printed)
        tool, _, rest = line.partition(" ")
        by_tool.setdefault(tool, []).append(f"{shlex.quote(rest)}*) exec cat {folder}/{number}.printed;;")
    by_tool["sudo"] = ['*) exec "$@";;']
    by_tool["makedumpfile"] = [f'"--dump-dmesg vmcore "*) exec cp {folder}/log "$3";;']
    for tool, cases in by_tool.items():
        program = folder / "bin" / tool
        program.write_text("\n".join(["#!/bin/sh", 'case "$*" in', *cases, "*) exit 9;;", "esac", ""]))
        program.chmod(0o755)
    return folder


def shown(command: Command, place: Path) -> subprocess.CompletedProcess[bytes]:
    """Type a line, for JSON and with folders of the system here."""
    line = command.line.replace("pfnscope analyze", "pfnscope analyze --format json")
    line = re.sub(r" /(var|sys)/", rf" {place}/\1/", line)
    path = f"{place}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(place), "PYTHONPATH": str(ROOT / "app")}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=place, env=environment, capture_output=True, check=False
    )


NOT_THE_MACHINES = (
    "boot",
    "boots",
    "lines",
    "line",
    "recognised_lines",
    "begins_lines",
    "sources",
    "unused_files",
    "host",
)


def facts(document: bytes) -> Any:
    """What a document says of the machine, wherever it stands in a text."""
    return _facts(json.loads(document))


def _facts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _facts(item) for key, item in value.items() if key not in NOT_THE_MACHINES}
    if isinstance(value, list):
        return [item for item in map(_facts, value) if not (isinstance(item, str) and item.startswith("Boot "))]
    return re.sub(r"\bline [0-9,]+", "line N", value) if isinstance(value, str) else value


PLAIN = facts(encode(analyze(LOG).document))
LINES = commands(PAGE)


@pytest.mark.parametrize("command", LINES, ids=lambda command: command.line)
def test_a_line_of_the_page_gives_the_document_of_the_plain_log(command: Command, place: Path) -> None:
    done = shown(command, place)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    if EVENTS in command.line:
        (event,) = json.loads(done.stdout)["events"]
        assert event["text"] == "BUG: unable to handle kernel paging request at fffffffffffffffe"
        assert event["address"] == "0xfffffffffffffffe"
    else:
        assert facts(done.stdout) == PLAIN


def test_the_page_has_a_line_for_each_tool_and_file() -> None:
    page = "\n".join(command.line for command in LINES)
    for line in TOOLS:
        assert line in page, line
    for name in FILES:
        assert name in page or any(part in page for part in (str(Path(name).parent), Path(name).parts[0])), name


WRAPPINGS: tuple[Callable[[bytes], bytes], ...] = (
    ways.human, ways.journal, ways.journal_json, ways.sol, ways.conserver, ways.virsh, ways.screen, ways.minicom,
    ways.crash, ways.debug_pod, ways.github, ways.gitlab, ways.gitlab_with_times, ways.jenkins, ways.lava,
    ways.kernelci, ways.aws, ways.aws_json, ways.gcp,
)  # fmt: skip


@pytest.mark.parametrize("way", WRAPPINGS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("slug", ["oops-1g-4g", "memoryless-node"])
def test_a_whole_recorded_boot_is_the_same_in_what_tools_print(slug: str, way: Callable[[bytes], bytes]) -> None:
    plain, wrapped = analyze(text(slug)), analyze(opened(way(text(slug))))
    assert facts(encode(wrapped.document)) == facts(encode(plain.document))


@pytest.mark.parametrize("before", ["{when} {host} kernel: ", "{when} {host} ", "{when} 10.0.0.{number} "])
def test_hosts_that_boot_at_once_are_a_boot_each_however_their_lines_are_mixed(before: str) -> None:
    logs = [LOG, OTHER, text("seed-1g-7g")]
    mixed = ways.hosts(*logs, before=before)
    assert len(analyze(mixed).reading.boots) == len(logs)
    for number, log in enumerate(logs, 1):
        assert facts(encode(analyze(mixed, Options(boot=number)).document)) == facts(encode(analyze(log).document))
