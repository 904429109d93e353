"""What tools print of a machine's boot log, each as it wraps the lines: the input of the commands of docs/ways.md."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

START = datetime(2026, 6, 4, 10, 0, 0, tzinfo=UTC)
BANNER = b"Booting from Hard Disk..."


def records(log: bytes) -> Iterator[tuple[datetime, float, bytes]]:
    """The lines with their times: that of the wall clock, the kernel's in seconds, and the message."""
    for line in log.splitlines():
        stamp, _, message = line.partition(b"] ")
        seconds = float(stamp.lstrip(b"["))
        yield START + timedelta(seconds=seconds), seconds, message


def each(log: bytes, before: str = "", after: str = "\n", when: str = "%b %e %H:%M:%S") -> bytes:
    """Each line behind ``before``, in which ``{when}`` is the time of the wall clock."""
    out = [
        before.format(when=clock.strftime(when)).encode() + line + after.encode()
        for (clock, *_), line in zip(records(log), log.splitlines(), strict=True)
    ]
    return b"".join(out)


def messages(log: bytes, before: str, when: str = "%b %e %H:%M:%S") -> bytes:
    """Each message without the kernel's time behind ``before``."""
    return b"".join(
        before.format(when=clock.strftime(when)).encode() + message + b"\n" for clock, _, message in records(log)
    )


def human(log: bytes) -> bytes:
    """``dmesg -T``."""
    return messages(log, "[{when}] ", "%a %b %e %H:%M:%S %Y")


def journal(log: bytes, host: str = "web1") -> bytes:
    """``journalctl -k``."""
    return messages(log, f"{{when}} {host} kernel: ")


def journal_json(log: bytes) -> bytes:
    """``journalctl -k -o json``."""
    fields = {"_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel", "PRIORITY": "6"}
    rows = [
        fields | {"__REALTIME_TIMESTAMP": str(int(clock.timestamp() * 1_000_000)), "MESSAGE": message.decode()}
        for clock, _, message in records(log)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def pstore(log: bytes, count: int = 10) -> dict[str, bytes]:
    """The records of a crash in /sys/fs/pstore by name, of so many lines: the last part of the log is part 1."""
    lines = log.splitlines(keepends=True)
    parts = [b"".join(lines[at : at + count]) for at in range(0, len(lines), count)]
    return {f"dmesg-ramoops-{at}": f"Panic#1 Part{at + 1}\n".encode() + part for at, part in enumerate(reversed(parts))}


def hosts(*logs: bytes, before: str) -> bytes:
    """Lines of several hosts, one of each in turn as they came; ``{host}`` in ``before`` is their name."""
    lines = [
        each(log, before.replace("{host}", f"web{at}").replace("{number}", str(at))).splitlines()
        for at, log in enumerate(logs, 1)
    ]
    most = max(map(len, lines))
    return b"".join(one[at] + b"\n" for at in range(most) for one in lines if at < len(one))


def terminal(log: bytes, width: int = 80) -> bytes:
    """A serial line of so many columns, as the terminal writes what it shows: long lines are broken."""
    pieces = [line[at : at + width] for line in log.splitlines() for at in range(0, max(len(line), 1), width)]
    return b"\r\r\n".join(pieces) + b"\r\r\n"


def sol(log: bytes) -> bytes:
    """``ipmitool sol activate``."""
    begin = b"[SOL Session operational.  Use ~? for help]\r\n\x1b[2J\x1b[01;01H\x1b[=3h" + BANNER + b"\r\r\n"
    return begin + terminal(log) + b"~. [terminated ipmitool]\n"


def conserver(log: bytes) -> bytes:
    """A console's log of conserver with times of lines."""
    mark = b"[-- MARK -- Thu Jun  4 10:00:00 2026]\r\n"
    return (
        b"[-- Console up -- Thu Jun  4 09:00:00 2026]\r\n"
        + mark
        + each(log, "[{when}]", "\r\n", "%a %b %e %H:%M:%S %Y")
    )


def virsh(log: bytes) -> bytes:
    """``virsh console``."""
    return b"Connected to domain 'web1'\r\nEscape character is ^] (Ctrl + ])\r\n" + log.replace(b"\n", b"\r\n")


def screen(log: bytes) -> bytes:
    """``screenlog.0``."""
    return b"\x1b[H\x1b[2J" + BANNER + b"\r\n" + log.replace(b"\n", b"\r\n") + b"\r\nweb1 login: "


def minicom(log: bytes) -> bytes:
    """A capture of minicom."""
    return terminal(log).replace(b"\r\r\n", b"\r\n")


def crash(log: bytes) -> bytes:
    """crash without its banner."""
    return b"WARNING: kernel relocated [386MB]: patching 127000 gdb minimal_symbol values\n\n" + log


def debug_pod(log: bytes) -> bytes:
    """``kubectl debug node``."""
    begin = b"Creating debugging pod node-debugger-worker-1-x7k2p with container debugger on node worker-1.\r\n"
    return begin + log.replace(b"\n", b"\r\n")


def github(log: bytes) -> bytes:
    """``gh run view --log``."""
    return each(log, "boot\tRun make boot\t{when}Z ", when="%Y-%m-%dT%H:%M:%S.%f0")


def gitlab(log: bytes) -> bytes:
    """The trace of a job of GitLab."""
    begin = b"\x1b[0KRunning with gitlab-runner 17.0.0\x1b[0;m\nsection_start:1780567200:step_script\r\x1b[0K"
    begin += b"\x1b[0;m$ make boot\n"
    return begin + each(log) + b"section_end:1780567260:step_script\r\x1b[0K\x1b[32;1mJob succeeded\x1b[0;m\n"


def gitlab_with_times(log: bytes) -> bytes:
    """The same where the runner prints times."""
    return each(log, "{when}Z 00O ", when="%Y-%m-%dT%H:%M:%S.%f")


def jenkins(log: bytes) -> bytes:
    """The console of Jenkins with its Timestamper."""
    begin = b"Started by user ann\n[2026-06-04T09:59:59.000Z] + make boot\n"
    return begin + each(log, "[{when}Z] ", when="%Y-%m-%dT%H:%M:%S.000") + b"Finished: SUCCESS\n"


def lava(log: bytes) -> bytes:
    """The log of a job of LAVA, in YAML."""
    return b"".join(
        f'- {{"dt": "{clock:%Y-%m-%dT%H:%M:%S.%f}", "lvl": "target", "msg": {json.dumps(line.decode())}}}\n'.encode()
        for (clock, *_), line in zip(records(log), log.splitlines(), strict=True)
    )


def kernelci(log: bytes) -> bytes:
    """A job's log of KernelCI as text."""
    return each(log, "{when}  <6>", when="%H:%M:%S.%f")


def aws(log: bytes) -> bytes:
    """``aws ec2 get-console-output --output text``."""
    return b"i-0123456789abcdef0\t" + log.replace(b"\n", b"\r\n") + b"\t2026-06-04T10:05:00+00:00\n"


def gcp(log: bytes) -> bytes:
    """``gcloud compute instances get-serial-port-output``."""
    return b"\x1b[2J\x1b[01;01H\x1b[=3h" + BANNER + b"\r\n" + log.replace(b"\n", b"\r\n")


def aws_json(log: bytes) -> bytes:
    """``aws ec2 get-console-output``."""
    output = {"InstanceId": "i-0123456789abcdef0", "Timestamp": "2026-06-04T10:05:00+00:00"}
    return json.dumps(output | {"Output": log.decode().replace("\n", "\r\n")}, indent=4).encode() + b"\n"


def npd(log: bytes) -> bytes:
    """node-problem-detector: what it makes of the first report in a log."""
    clock, _, message = next(record for record in records(log) if record[2].startswith(b"BUG: unable"))
    stamp = f"{clock:%m%d %H:%M:%S.%f}"
    event = (
        f"I{stamp}       1 log_monitor.go:160] New status generated: &{{Source:kernel-monitor Events:[{{Severity:warn "
        f"Timestamp:{clock:%Y-%m-%d %H:%M:%S.%f +0000 UTC} m=+12.5 Reason:KernelOops Message:{message.decode()}}}] "
        "Conditions:[{Type:KernelDeadlock Status:False Transition:2026-06-04 09:00:00 +0000 UTC "
        "Reason:KernelHasNoDeadlock Message:kernel has no deadlock}]}"
    )
    return f"I{stamp}       1 log_monitor.go:80] Start log monitor /config/kernel-monitor.json\n{event}\n".encode()
