"""Which words of a line may say whose machine it is of: those in places where people name things, but no usual word."""

from collections.abc import Callable

from pfnscope.bootlog.file_names import FILE_NAME, names_file
from pfnscope.bootlog.text.prefix import unknown_front
from pfnscope.patterns import Match, compiled

_WORD = r"[A-Za-z0-9_]*[A-Za-z_][A-Za-z0-9_]*"
_NOBODY = "host uuid name localhost localdomain www com org net"
_DATES = (
    "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun utc gmt cet cest est edt pst pdt am pm"
)
_LOGS = (
    "kernel kern klogd vmunix syslog rsyslog systemd journald journal journalctl dmesg messages message log logs "
    "console serial boot booting bootlog var proc sys usr etc tmp mnt home root run lib opt debug info notice warn "
    "warning err error crit alert emerg daemon user local txt gz xz bz zst zip tar tgz json csv html md out text old "
    "vmcore crash vmlinux vmlinuz initrd initramfs pstore erst efi ramoops sos sosreport commands supportconfig scc "
    "nts report capture record zoneinfo iomem buddyinfo pagetypeinfo meminfo cmdline version uname config memory "
    "memblock memmap node nodes slabinfo vmstat slub lsmem numactl lscpu hardware software part file start end type "
    "used not pager since unit dmidecode lshw lspci free list boots output cat short iso precise monotonic tailed "
    "strings devices basic environment kexec kdump firmware runs abrt ccpp oops rotated a o range size state removable "
    "block blocks kpageflags currentdmesg vmcoredmesg other more files links special vmcoreinfo"
)
_DISKS = (
    "dev mapper disk by id path label partuuid partlabel part uuid luks lvm lv vg pv md dm sd sda sdb sdc sdd hda hdb "
    "vda vdb xvda xvdb nvme nvmen nvmenp mmcblk mmcblkp nbd ram loop swap resume data usb ata scsi zfs ext btrfs xfs "
    "vfat squashfs overlay live livecd rd"
)
_NETWORKS = (
    "eth en eno ens enp enps enpsf ib bond br vlan team lo nfs iscsi cifs smb http https ftp tftp pxe fc fcoe nfsroot "
    "cp udp dhcp auto either ibft any on off yes no none ro rw vers proto static link iqn nqn nvmexpress nocloud "
    "autoinstall hostname system ks cfg kickstart img iso inst"
)
_USUAL = frozenset(f"{_NOBODY} {_DATES} {_LOGS} {_DISKS} {_NETWORKS}".split())
_LONGEST_ADDRESS = 4  # hexadecimal digits of a part of one
_HEX = frozenset("0123456789abcdef")
_ARGUMENTS = (
    "root|real_root|resume|swap|nfsroot|nfsaddrs|netroot|ip|ifname|nameserver|domain|ks|url|ds|zfs|bootfs|ostree"
    r"|cryptdevice|cryptroot|luks|nbdroot|cifsroot|iscsi\w*|fetch|netconsole|dhcpclass|autoinstall|rd\.[\w.]+"
    r"|inst\.\w+|systemd\.(?:machine_id|hostname|set_credential\w*|setenv)|preseed/\w+|coreos\.[\w.]+"
    r"|ignition\.[\w.]+|[\w.]*host(?:_?name)?|nodename"
)
_FIELDS = "host(?:[_.]?name)?|nodename|fqdn|computer|machine|logsource|server|instance(?:_?id)?|logstream|node|source"
_PLACES = (
    rf"""(?im)(?:^|[ "'{{,])(?:{_ARGUMENTS})="?([^ "'\n]+)""",
    r"://([^ /\n]+)",
    r"\((?:http|https|tftp|nfs|pxe),([^ )\n]+)\)",
    rf"""(?i)"[\w.@\-]*(?:{_FIELDS})" *: *[\[{{]? *(?:"name" *: *)?"([^"\\\n]+)\"""",
)
Rename = Callable[[bytes], bytes]


def renamed(text: bytes, learned_prefix: Callable[[bytes], int], rename: Rename) -> bytes:
    """A text with each word that may be a name replaced by ``rename`` of it.

    Such words stand in the names of files, in front of messages in a form of no known kind, in arguments that name
    disks, volumes and servers, in addresses of the web, and in the fields of records that are called after machines.
    """
    lines = [_line(line, learned_prefix, rename) for line in text.split(b"\n")]
    text = b"\n".join(lines)
    for pattern in _PLACES:
        text = compiled(pattern).sub(lambda match: _words(match.group(1) or b"", rename), text, 1)
    return text


def _line(line: bytes, learned_prefix: Callable[[bytes], int], rename: Rename) -> bytes:
    if line.startswith(FILE_NAME) and names_file(line):
        name, end, behind = line.partition(b" <==")
        return _words(name, rename) + end + behind
    front = unknown_front(line, learned_prefix) if line else 0
    return _words(line[:front], rename) + line[front:] if front else line


def _words(text: bytes, rename: Rename) -> bytes:
    def word(match: Match) -> bytes:
        own = match.group() or b""
        return own if _is_usual(own.decode("ascii")) else rename(own)

    return compiled(_WORD).sub(word, text)


def _is_usual(word: str) -> bool:
    """Whether a word is one of those that stand in many logs, or a number or part of an address."""
    small = word.lower()
    stem = small.strip("_").translate(_WITHOUT_DIGITS)
    if len(stem) < 2 or all(part in _USUAL for part in stem.split("_")):
        return True
    short = len(word) <= 2 or (len(word) <= _LONGEST_ADDRESS and stem != small)
    return small.startswith("0x") or (short and _HEX.issuperset(small))


_WITHOUT_DIGITS = {ord(digit): None for digit in "0123456789"}
