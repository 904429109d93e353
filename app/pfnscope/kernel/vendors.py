"""Whose kernel a release string names, and what is known to differ from the release that it was built from.

A vendor keeps the version and backports, so its struct page rule is that of another release: ``acts_like``. Rows are
what was read in the vendors' sources; without a row the version stands, and the verdict says that it is assumed.
"""

from msgspec import Struct

from pfnscope.patterns import compiled

Build = tuple[int, ...]
MainlineVersion = tuple[int, int, int]


class Vendor(Struct, frozen=True):
    """A vendor of kernels and how its release strings look behind the version; group 1, if any, is the build.

    ``backports``: it changes memory management beyond the stable release that the version names. ``abi_only``: the
    version ends in .0 whatever the stable release is, which only the banner may tell.
    """

    name: str
    suffix: str
    backports: bool = True
    abi_only: bool = False


VENDORS = (
    # First match wins. Fedora, Arch, Android and WSL print the stable release that they are built from.
    Vendor("Oracle UEK", r"-(\d+(?:\.\d+)*)\.el\d+uek|-(\d+(?:\.\d+)*).*uek"),
    Vendor("Amazon Linux", r"-(\d+(?:\.\d+)*)\.amzn\d"),
    Vendor("RHEL", r"-(\d+(?:\.\d+)*)\.el\d"),
    Vendor("openEuler", r"-(\d+(?:\.\d+)*)\.oe\d"),
    Vendor("Anolis", r"-(\d+(?:\.\d+)*)\.an\d"),
    Vendor("TencentOS", r"-(\d+(?:[.-]\d+)*)\.tl\d"),
    Vendor("Fedora", r"-\d+(?:\.\d+)*\.fc\d"),
    Vendor("XenServer", r"\+\d+$"),
    Vendor("Proxmox", r"-(\d+)-pve", abi_only=True),
    Vendor("Android", r"-android\d+", backports=False),
    Vendor("WSL", r"-microsoft", backports=False),
    Vendor("Ubuntu", r"-(\d+)-(?:generic|lowlatency|azure|aws|gcp|gke|kvm|oracle|oem|raspi|ibm|snapdragon|virtual)",
           abi_only=True),
    Vendor("SUSE", r"-(?:lp)?(\d+(?:\.\d+)*)-(?:default|azure|preempt)"),
    Vendor("Debian", r"-(?:0\.bpo\.)?\d+(?:\.\d+)*-(?:cloud-|rt-)?(?:amd64|686|arm64|armmp|powerpc64|s390x|riscv64)",
           abi_only=True),
)  # fmt: skip


class Deviation(Struct, frozen=True):
    """What a vendor's builds [first, before) of a version do: as mainline ``acts_like`` does it.

    Builds are the numbers behind the version. ``doubt`` says what has not been read.
    """

    vendor: str
    name: str
    version: MainlineVersion
    first: Build
    before: Build
    acts_like: MainlineVersion
    source: str
    doubt: str = ""


_ANY: Build = ()
_END: Build = (99999,)

DEVIATIONS = (
    Deviation(
        "RHEL", "RHEL 6", (2, 6, 32), _ANY, _END, (2, 6, 39), "mm/sparse-vmemmap.c and memmap_init_zone(), 2.6.32-642"
    ),
    Deviation(
        "RHEL", "RHEL 7", (3, 10, 0), _ANY, (408,), (3, 10, 0),
        "a list of RHEL 7 backports: 92923ca3aace came in 3.10.0-408",
    ),
    Deviation(
        "RHEL", "RHEL 7", (3, 10, 0), (408,), _END, (4, 4, 0), "memmap_init_zone() in mm/page_alloc.c, 3.10.0-1160"
    ),
    Deviation(
        "RHEL", "RHEL 8.0", (4, 18, 0), _ANY, (147,), (4, 18, 0), "version alone",
        "builds before 4.18.0-147 have not been read; that one zeroes every gap up to max_pfn",
    ),
    Deviation(
        "RHEL", "RHEL 8.1 and 8.2", (4, 18, 0), (147,), (240,), (5, 0, 0),
        "zero_resv_unavail() in mm/page_alloc.c and e820__memblock_setup(), 4.18.0-147.5.1",
        "builds between 4.18.0-147 and -240 have not been read",
    ),
    Deviation(
        "RHEL", "RHEL 8.3 and 8.4", (4, 18, 0), (240,), (348,), (5, 7, 0),
        "init_unavailable_mem() and memmap_init_zone() in mm/page_alloc.c, 4.18.0-240",
        "builds between 4.18.0-240 and -348 have not been read",
    ),
    Deviation(
        "RHEL", "RHEL 8.5 and later", (4, 18, 0), (348,), _END, (5, 11, 0),
        "init_unavailable_mem() and memmap_init() in mm/page_alloc.c, 4.18.0-348.2.1",
        "builds after 4.18.0-348 have not been read",
    ),
    Deviation(
        "XenServer", "XenServer and XCP-ng 8", (4, 19, 0), _ANY, _END, (4, 19, 103),
        "kernel.spec of XCP-ng: 4.19.19 with 907ec5fca3dc, ec393a0f014e and e822969cab48",
        "releases before these patches have not been read",
    ),
)  # fmt: skip


def vendor_of(version: MainlineVersion, suffix: str) -> tuple[Vendor, Build] | None:
    """The vendor that a release suffix names, with its build number, empty where the suffix has none."""
    for vendor in VENDORS:
        match = compiled(vendor.suffix).search(suffix.encode("utf-8", "replace"))
        if match is None or (vendor.name == "XenServer" and version != (4, 19, 0)):
            continue
        printed = next((group for group in match.groups() if group), "")
        return vendor, tuple(int(part) for part in printed.replace("-", ".").split(".") if part)
    return None


def deviation_of(vendor: str, version: MainlineVersion, build: Build) -> Deviation | None:
    """The row for a vendor's build, or None where nothing is known to differ."""
    for row in DEVIATIONS:
        if (row.vendor, row.version) == (vendor, version) and row.first <= build < row.before:
            return row
    return None
