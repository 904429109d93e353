"""Kernel release strings: the version in them, whose kernel it is, and how far the version can be trusted."""

from msgspec import Struct

from pfnscope.kernel.vendors import Build, Deviation, deviation_of, vendor_of
from pfnscope.patterns import compiled

Version = tuple[int, int, int]

_RELEASE = r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,5}))?(.*)"
_UPSTREAM = (
    r"Debian (\d{1,4})\.(\d{1,4})\.(\d{1,5})-",
    r"\(Ubuntu [^()]+ (\d{1,4})\.(\d{1,4})\.(\d{1,5})\)",
)
"""Where banners name the stable release: Debian's package version, Ubuntu's version signature."""

_ABI_SUFFIX = r"-\d+(\.\d+)*-[a-z]"


class Release(Struct, frozen=True):
    """A release as printed, its version, and what the version does not tell.

    ``stable_known`` is False where the third number is not the stable release that the kernel was built
    from (Ubuntu and Debian print their ABI name); ``backports`` where a vendor is known to backport. ``deviation``
    is what is known of this vendor's build.
    """

    text: str
    version: Version
    stable: Version
    stable_known: bool
    backports: bool
    vendor: str | None = None
    build: Build = ()
    deviation: Deviation | None = None

    @property
    def acts_like(self) -> Version:
        """The mainline or stable release whose struct page handling this kernel has, as far as is known."""
        return self.deviation.acts_like if self.deviation else self.stable


def parse_release(text: str | None, banner: str | None = None) -> Release | None:
    """Read a release such as ``4.17.0-rc6-mm1`` or ``5.4.0-1051-azure``; None when it has no version.

    ``banner`` is the whole "Linux version" line: Debian and Ubuntu name the stable release there.
    """
    match = compiled(_RELEASE).match(text.strip().encode("utf-8", "replace")) if text else None
    if text is None or match is None:
        return None
    *numbers, suffix = (group or "" for group in match.groups())
    version = (int(numbers[0]), int(numbers[1]), int(numbers[2] or 0))
    found = vendor_of(version, suffix)
    vendor, build = found or (None, ())
    name = vendor.name if vendor else None
    upstream = _upstream(version, banner or "")
    if upstream:
        return Release(text.strip(), version, upstream, True, backports=False, vendor=name, build=build)
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
