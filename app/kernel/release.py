"""Kernel release strings: the version in them, and how far a distribution's version can be trusted."""

import re2
from msgspec import Struct

Version = tuple[int, int, int]

_RELEASE = re2.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(.{0,200})")
_DEBIAN_BANNER = re2.compile(r"Debian (\d{1,4})\.(\d{1,4})\.(\d{1,5})-")
_ABI_SUFFIX = re2.compile(r"-\d+(\.\d+)*-[a-z]")
_RHEL_SUFFIX = re2.compile(r"-.*\.(el|fc|amzn|oe|an|tl)\d|uek")
_SUSE_SUFFIX = re2.compile(r"-(lp)?\d+.*-default")


class Release(Struct, frozen=True):
    """A release as printed, its version, and what the version does not tell.

    ``stable_known`` is False where the third number is not the stable release that the kernel was built
    from (Ubuntu and Debian print their ABI name); ``backports`` where a vendor is known to backport.
    """

    text: str
    version: Version
    stable: Version
    stable_known: bool
    backports: bool


def parse_release(text: str | None, banner: str | None = None) -> Release | None:
    """Read a release such as ``4.17.0-rc6-mm1`` or ``5.4.0-1051-azure``; None when it has no version.

    ``banner`` is the whole "Linux version" line: Debian's names the stable release there.
    """
    match = _RELEASE.match(text.strip()) if text else None
    if text is None or match is None:
        return None
    version = (int(match.group(1)), int(match.group(2)), int(match.group(3) or 0))
    suffix = match.group(4)
    for debian in _DEBIAN_BANNER.finditer(banner or ""):
        stable = (int(debian.group(1)), int(debian.group(2)), int(debian.group(3)))
        if stable[:2] == version[:2]:  # the compiler's version is written the same way
            return Release(text.strip(), version, stable, stable_known=True, backports=False)
    abi_name = version[2] == 0 and bool(_ABI_SUFFIX.match(suffix))
    vendor = bool(_RHEL_SUFFIX.search(suffix) or _SUSE_SUFFIX.match(suffix))
    return Release(text.strip(), version, version, stable_known=not abi_name, backports=abi_name or vendor)
