"""Architecture and page size of a boot: from what its lines prove, never from a default."""

from pfnscope.bootlog.boots.draft import Draft
from pfnscope.bootlog.model import Count, Lines
from pfnscope.patterns import compiled

# The release and the words around it come first; the compiler's name may be that of a cross compiler.
_BANNERS = (
    (r"-686|i[3-6]86|-pae\b", "i386"),
    (r"x86_64|amd64", "x86_64"),
    (r"aarch64|arm64", "arm64"),
    (r"\barmv?[4-7]|-arm(?:mp|v7|hf|el)|arm-[a-z0-9_-]*eabi", "arm"),
    (r"riscv64", "riscv64"),
    (r"ppc64le|powerpc64le", "ppc64le"),
    (r"s390x", "s390x"),
    (r"loongarch64", "loongarch64"),
    (r"mips64el|mips64", "mips64"),
    (r"-mckinley|-itanium|\bia64\b", "ia64"),
    (r"sparc64", "sparc64"),
)
_MOST_FRAMES = {0x400000000: "x86_64", 0x10000000000: "x86_64", 0x1000000: "i386", 0x100000: "i386"}
"""``max_arch_pfn`` of arch/x86/kernel/e820.c: 2^46 or 2^52 bytes, 2^36 with PAE, 2^32 without."""


def architecture(draft: Draft) -> tuple[str | None, Lines]:
    """The architecture and the lines that prove it."""
    zones = {zone.zone: zone.lines for zone in draft.values("zone_ranges")}
    zones |= {zone.zone: lines for zone, lines in draft.values("pfn_zones")}
    for last, lines in draft.last_pfns.items():
        if last.limit in _MOST_FRAMES:
            return _MOST_FRAMES[last.limit], lines
    if draft.x86_lines:  # before 2.6.24 no limits of zones are printed, only what is in them
        counted = ((tally.count.zone, tally.count.lines) for tally in draft.tallies if isinstance(tally.count, Count))
        zones |= {zone: lines for zone, lines in counted if zone is not None}
    if draft.x86_lines and "HighMem" in zones:
        return "i386", zones["HighMem"]
    if draft.x86_lines and "DMA32" in zones:
        return "x86_64", zones["DMA32"]
    if draft.banner is not None:
        banner, lines = draft.banner
        for words in (banner.release, banner.text):
            for pattern, arch in _BANNERS:
                if compiled(pattern).search(words.encode("utf-8", "replace")):
                    return arch, lines
    if draft.arch_hint is not None:
        return draft.arch_hint
    return None, ()


def page_size(draft: Draft, arch: str | None) -> tuple[int | None, Lines]:
    """Base page size in bytes and the lines that prove it; x86 has only one."""
    if draft.page_size is not None:
        return draft.page_size
    if arch in ("x86_64", "i386"):
        return 4096, architecture(draft)[1]
    return (4096, draft.x86_lines) if draft.x86_lines else (None, ())
