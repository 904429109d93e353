"""Whose kernel a release string names, and what is known to differ from the release that it was built from.

A vendor keeps the version and backports, so its struct page rule is that of another release: ``acts_like``. Rows are
what was read in the vendors' sources; without a row the version stands, and the verdict says that it is assumed.
"""

from msgspec import Struct

from pfnscope.kernel.release import Build, Deviation, Release, Version, following, parse_version
from pfnscope.kernel.thresholds import DEBIAN_FAKES
from pfnscope.patterns import compiled

_RELEASE = r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(.*)"
_UPSTREAM = (
    r"Debian (\d{1,4})\.(\d{1,4})\.(\d{1,5})-",
    r"\(Ubuntu [^()]+ (\d{1,4})\.(\d{1,4})\.(\d{1,5})\)",
)
"""Where banners name the stable release: Debian's package version, Ubuntu's version signature."""

_ABI_SUFFIX = r"-\d+(\.\d+)*-[a-z]"


class Vendor(Struct, frozen=True):
    """A vendor of kernels and how its release strings look behind the version; group 1, if any, is the build.

    ``backports``: it changes memory management beyond the stable release that the version names. ``abi_only``: the
    version ends in .0 whatever the stable release is, which only the banner may tell. ``only``: the suffix names this
    vendor behind that version alone.
    """

    name: str
    suffix: str
    backports: bool = True
    abi_only: bool = False
    only: Version | None = None


VENDORS = (
    # First match wins. Fedora, Arch, Android and WSL print the stable release that they are built from.
    Vendor("Oracle UEK", r"-(\d+(?:\.\d+)*)\.el\d+uek|-(\d+(?:\.\d+)*).*uek"),
    Vendor("Amazon Linux", r"-(\d+(?:\.\d+)*)\.amzn\d"),
    Vendor("RHEL", r"-(\d+(?:\.\d+)*)\.el\d"),
    Vendor("openEuler", r"-(\d+(?:\.\d+)*)\.oe\d"),
    Vendor("Anolis", r"-(\d+(?:\.\d+)*)\.an\d"),
    Vendor("TencentOS", r"-(\d+(?:[.-]\d+)*)\.tl\d"),
    Vendor("Fedora", r"-\d+(?:\.\d+)*\.fc\d"),
    Vendor("XenServer", r"\+\d+$", only=parse_version("4.19")),
    Vendor("Proxmox", r"-(\d+)-pve", abi_only=True),
    Vendor("Android", r"-android\d+", backports=False),
    Vendor("WSL", r"-microsoft", backports=False),
    Vendor("Ubuntu", r"-(\d+)-(?:generic|lowlatency|azure|aws|gcp|gke|kvm|oracle|oem|raspi|ibm|snapdragon|virtual)",
           abi_only=True),
    Vendor("SUSE", r"-(?:lp)?(\d+(?:\.\d+)*)-(?:default|azure|preempt)"),
    Vendor("Debian", r"-(?:0\.bpo\.)?\d+(?:\.\d+)*-(?:cloud-|rt-)?(?:amd64|686|arm64|armmp|powerpc64|s390x|riscv64)",
           abi_only=True),
)  # fmt: skip


_ANY: Build = ()
END_OF_BUILDS: Build = (99999,)


def _builds(
    name: str, version: str, first: Build, before: Build, acts_like: str, source: str, doubt: str = ""
) -> Deviation:
    vendor = name.split(maxsplit=1)[0]
    return Deviation(vendor, name, parse_version(version), first, before, parse_version(acts_like), source, doubt)


DEVIATIONS = (
    _builds(
        "RHEL 6", "2.6.32", _ANY, END_OF_BUILDS, "2.6.39",
        "mm/sparse-vmemmap.c and memmap_init_zone(), 2.6.32-642",
    ),
    _builds(
        "RHEL 7", "3.10", _ANY, (408,), "3.10", "a list of RHEL 7 backports: 92923ca3aace came in 3.10.0-408"
    ),
    _builds("RHEL 7", "3.10", (408,), END_OF_BUILDS, "4.4", "memmap_init_zone() in mm/page_alloc.c, 3.10.0-1160"),
    _builds(
        "RHEL 8.0", "4.18", _ANY, (147,), "4.18", "version alone",
        "builds before 4.18.0-147 have not been read; that one zeroes every gap up to max_pfn",
    ),
    _builds(
        "RHEL 8.1 and 8.2", "4.18", (147,), (240,), "5.0",
        "zero_resv_unavail() in mm/page_alloc.c and e820__memblock_setup(), 4.18.0-147.5.1",
        "builds between 4.18.0-147 and -240 have not been read",
    ),
    _builds(
        "RHEL 8.3 and 8.4", "4.18", (240,), (348,), "5.7",
        "init_unavailable_mem() and memmap_init_zone() in mm/page_alloc.c, 4.18.0-240",
        "builds between 4.18.0-240 and -348 have not been read",
    ),
    _builds(
        "RHEL 8.5 and later", "4.18", (348,), END_OF_BUILDS, "5.11",
        "init_unavailable_mem() and memmap_init() in mm/page_alloc.c, 4.18.0-348.2.1",
        "builds after 4.18.0-348 have not been read",
    ),
    _builds(
        "XenServer and XCP-ng 8", "4.19", _ANY, END_OF_BUILDS, "4.19.103",
        "kernel.spec of XCP-ng: 4.19.19 with 907ec5fca3dc, ec393a0f014e and e822969cab48",
        "releases before these patches have not been read",
    ),
)  # fmt: skip


def vendor_of(version: Version, suffix: str) -> tuple[Vendor, Build] | None:
    """The vendor that a release suffix names, with its build number, empty where the suffix has none."""
    for vendor in VENDORS:
        match = compiled(vendor.suffix).search(suffix.encode("utf-8", "replace"))
        if match is None or vendor.only not in (None, version):
            continue
        printed = next((group for group in match.groups() if group), "")
        return vendor, tuple(int(part) for part in printed.replace("-", ".").split(".") if part)
    return None


def deviation_of(vendor: str, version: Version, build: Build) -> Deviation | None:
    """The row for a vendor's build, or None where nothing is known to differ."""
    for row in DEVIATIONS:
        if (row.vendor, row.version) == (vendor, version) and row.first <= build < row.before:
            return row
    return None


_DEBIAN_BUILD = "debian-kernel@lists.debian.org"
"""Who builds Debian's kernels, as their banners name it."""


def emulates_nodes(banner: str | None, version: Version | None) -> bool | None:
    """Whether the vendor builds its kernels so that ``numa=fake=`` has an effect (CONFIG_NUMA_EMU); None: not known."""
    if version is None or _DEBIAN_BUILD not in (banner or ""):
        return None
    return DEBIAN_FAKES.reached(version)


_NEXT_TREE = r"-next-[0-9]{8}\b"


def parse_release(text: str | None, banner: str | None = None) -> Release | None:
    """Read a release such as ``4.17.0-rc6-mm1`` or ``5.4.0-1051-azure``; None when it has no version.

    ``banner`` is the whole "Linux version" line: Debian and Ubuntu name the stable release there. A tree of linux-next
    is taken for the release that follows.
    """
    match = compiled(_RELEASE).match(text.strip().encode("utf-8", "replace")) if text else None
    if text is None or match is None:
        return None
    *numbers, suffix = (group or "" for group in match.groups())
    version = (int(numbers[0]), int(numbers[1]), int(numbers[2] or 0))
    vendor, build = vendor_of(version, suffix) or (None, ())
    name = vendor.name if vendor else None
    upstream = _upstream(version, banner or "")
    if upstream:
        return Release(text.strip(), version, upstream, True, backports=False, vendor=name, build=build)
    if compiled(_NEXT_TREE).search(suffix.encode("utf-8", "replace")):
        ahead = following(version)
        source = "what is merged there comes with the next release: a log of 6.9.0-rc1-next-20240325"
        tree = Deviation("linux-next", "linux-next", version, _ANY, END_OF_BUILDS, ahead, source)
        return Release(text.strip(), version, ahead, True, backports=True, vendor="linux-next", deviation=tree)
    with_abi = compiled(_ABI_SUFFIX).match(suffix.encode("utf-8", "replace")) is not None
    abi_name = version[2] == 0 and with_abi and (vendor is None or vendor.abi_only)
    return Release(
        text=text.strip(),
        version=version,
        stable=version,
        stable_known=not abi_name,
        backports=abi_name or bool(vendor and vendor.backports),
        vendor=name,
        build=build,
        deviation=deviation_of(name, version, build) if name else None,
    )


def _upstream(version: Version, banner: str) -> Version | None:
    """The stable release that a banner names, of the same branch: a compiler's version is written the same way."""
    for pattern in _UPSTREAM:
        for match in compiled(pattern).finditer(banner.encode("utf-8", "replace")):
            first, second, third = (int(group or 0) for group in match.groups())
            stable = (first, second, third)
            if stable[:2] == version[:2]:
                return stable
    return None
