"""Bad frames as few memmap= regions, joined as the limits of the kernel ask for it, and tried in the simulator."""

from bisect import bisect_right
from functools import cached_property
from typing import Any

from msgspec import Struct

from pfnscope.analysis.analyze import Analysis
from pfnscope.analysis.places.bad_addresses import BadRanges
from pfnscope.analysis.places.bad_words import IMAGE, Plan
from pfnscope.analysis.whatif import what_if
from pfnscope.kernel.command_line import MOST_CHARACTERS, arguments
from pfnscope.kernel.kaslr import AVOIDED_REGIONS, IMAGE_AT_MOST, Avoidance, avoidance, kaslr_on
from pfnscope.kernel.region_kinds import RAM, RESERVED
from pfnscope.kernel.release import Version
from pfnscope.kernel.thresholds import MEMMAP_LIST, STUB_PLACES_IMAGE, STUB_SPARES_REGIONS
from pfnscope.model.answers import Obstacle
from pfnscope.model.ranges import ByteRange, FrameRange, FrameSet
from pfnscope.simulation import NotSimulated, own_command_line
from pfnscope.simulation.firmware import FIRST_ENTRIES, Image, first_map, kernel_image
from pfnscope.units import KIB, MIB, argument_size

MOST_BOOTS = 12
"""Simulated boots until an answer is given; each widens regions that the one before shows to be a danger."""

_HUGE_PAGE = 2 * MIB
"""With a bad frame in it, it is none any more: all of x86, but for i386 without PAE."""

_TRAMPOLINE = 64 * KIB
"""More than the start-up code of processors takes below 1 MiB: reserve_real_mode(), arch/x86/realmode/init.c, 6.1."""


class Limits(Struct, frozen=True):
    """How many regions there can be. ``avoided``: those that KASLR keeps out of, None where that is of no account.

    ``regions``: what the table of the kernel holds. ``characters``: of the argument. ``listed``: the kernel takes
    several regions in one argument.
    """

    avoided: int | None
    regions: int
    characters: int
    listed: bool


def frames_of(bad_ranges: BadRanges, page: int) -> FrameSet:
    """The frames that addresses lie in."""
    return FrameSet.of(ByteRange(start, end).frames_outward(page) for start, end in bad_ranges.ranges)


class Search:
    """Tries arguments until one is no danger."""

    def __init__(self, analysis: Analysis, bad_ranges: BadRanges) -> None:
        self.analysis, self.page = analysis, analysis.layout.page_size
        self.bad_ranges, self.log = bad_ranges, analysis.booted_from
        self.line, self.fixed, self.doubt = own_command_line(self.log), "", ""
        self.version: Version | None = self.log.stable_of(analysis.release)
        self.ram = analysis.layout.memory_frames.clip(1, 1 << 52)  # no kernel uses frame 0
        self.bad = frames_of(bad_ranges, self.page) & self.ram
        self.kept: tuple[Obstacle, ...] = ()
        self.block = analysis.layout.memmap.block

    def plan(self) -> tuple[Plan, Analysis | None]:
        """What is given up, and the boot without it; None where no argument is safe, or none is needed."""
        self._keep_what_cannot_go()
        widened = danger = FrameSet()
        for _ in range(MOST_BOOTS):
            runs = self._regions(widened) if self.bad else FrameSet()
            if not runs:
                return self._planned(too_many=runs is None), None
            argument = region_argument(runs, self.page, listed=self.limits.listed) + self.extra
            after = self._booted(argument)
            if after is None:
                break
            back = after.layout.memory_frames & runs
            if back and not self.may_move:
                self._keep(back, IMAGE)
                continue
            danger = self._danger(after)
            if not danger:
                retyped = self._retyped(runs, after)
                self.doubt = self.doubt or self._doubt_of_size(runs)
                return self._planned(runs=runs, argument=argument, widened=bool(widened), retyped=retyped), after
            wider = widened | (self._around(runs, danger) or self._around(runs, runs))
            if wider == widened:
                break
            widened = wider
        return self._planned(danger=danger), None

    def _planned(self, **more: Any) -> Plan:
        return Plan.of(
            self.analysis, self.bad_ranges, self.bad, kept=self.kept, fixed=self.fixed, doubt=self.doubt, **more
        )

    def _regions(self, widened: FrameSet) -> FrameSet | None:
        """What to give up. KASLR keeps out of a few regions only; else the image stays where it is, on bad frames.

        Then neighbours are joined at the cost of no more than a section, or those frames cannot be excluded.
        """
        frames = self.bad | widened
        runs, avoided = regions(frames, self.ram, self.limits, self.page), self.limits.avoided
        if not runs or avoided is None or len(runs) <= avoided or self.image is None or not self.image & self.bad:
            return runs
        close = joined(frames, self.ram, avoided)
        if len(close) <= avoided and close.pages - frames.pages <= self.block:
            return close
        self._keep(self.image, IMAGE)
        if len(self.bad) <= avoided:
            self.fixed = f"KASLR keeps out of {avoided} more regions at most, which are too few: nokaslr is added."
        return regions(self.bad | (widened - self.image), self.ram, self.limits, self.page) if self.bad else FrameSet()

    def _booted(self, argument: str) -> Analysis | None:
        try:
            return what_if(self.analysis, f"{self.line} {argument}".strip())[0]
        except NotSimulated:
            return None

    def _danger(self, after: Analysis) -> FrameSet:
        """Struct pages that are a danger now and were none before."""
        before, now = (
            FrameSet.of(hole.frames for hole in item.holes if hole.severity == "danger")
            for item in (self.analysis, after)
        )
        return now - before

    def _around(self, runs: FrameSet, near: FrameSet) -> FrameSet:
        """RAM of those sections with regions that hold some frames or lie next to them; what has to stay, stays.

        An initrd need not: reserve_initrd() in arch/x86/kernel/setup.c, 4.17 and 6.1, copies one that is not all RAM.
        """
        blocks = near.rounded_out(self.block)
        beside = FrameSet.of(FrameRange(max(0, item.start - 1), item.end + 1) for item in blocks)
        stays = FrameSet.of([FrameRange(0, MIB // self.page)]) | (self.image or FrameSet())
        return ((runs.rounded_out(self.block) & beside.rounded_out(self.block)) & self.ram) - (stays - runs)

    def _retyped(self, runs: FrameSet, after: Analysis) -> str:
        """The same without a “$”, where it does the same."""
        text = region_argument(runs, self.page, listed=self.limits.listed, retyped=True)
        if len(self.line) + 1 + len(text) > MOST_CHARACTERS or (self.image and self.image & runs):
            return ""
        other = self._booted(text)
        same = other is not None and other.layout.memory_frames == after.layout.memory_frames
        return text if same else ""

    @cached_property
    def avoidance(self) -> Avoidance:
        """What KASLR keeps out of already."""
        return avoidance(arguments(self.line))

    @cached_property
    def _image(self) -> Image | None:
        return kernel_image(self.log, f"{self.line} nokaslr".strip(), self.version)

    @cached_property
    def image(self) -> FrameSet | None:
        """Where the kernel's image lies if it is not moved, as far as that is known."""
        image = self._image
        return None if image is None else FrameSet.of([ByteRange(image.start, image.end).frames_outward(self.page)])

    def _doubt_of_size(self, runs: FrameSet) -> str:
        """Whether an image that is not moved may reach as far as some bad frames, where no line tells its size."""
        image, avoided = self._image, self.limits.avoided
        if image is None or image.assumed is None or (avoided is not None and len(runs) <= avoided):
            return ""
        behind = ByteRange(image.end, image.start + IMAGE_AT_MOST).frames_outward(self.page)
        if not self.bad.touches(behind):
            return ""
        return (
            f"The kernel is not moved from {image.start >> 20} MiB, and no line tells how large it is: addresses below"
            f" {behind.end * self.page >> 20} MiB may be in its image, which stays RAM."
        )

    @property
    def may_move(self) -> bool:
        """Whether KASLR may put the image elsewhere, and keeps out of regions."""
        return kaslr_on(arguments(self.line + self.extra), self.version) and not self.avoidance.stays

    @property
    def limits(self) -> Limits:
        """How many regions there can be."""
        entries = len(first_map(self.log))
        return Limits(
            avoided=AVOIDED_REGIONS - self.avoidance.regions if self.may_move else None,
            regions=max(AVOIDED_REGIONS, (FIRST_ENTRIES - entries) // 2),
            characters=MOST_CHARACTERS - len(f"{self.line} ".lstrip()) - len(self.extra),
            listed=MEMMAP_LIST.reached(self.version, unknown=True),
        )

    def _keep_what_cannot_go(self) -> None:
        """Take out of the bad frames what no argument excludes."""
        low = self.ram.clip(0, MIB // self.page)
        longest = max((item.pages * self.page for item in low - self.bad), default=0)
        if self.bad & low and longest < _TRAMPOLINE:
            self._keep(low, "start-up code of processors, which needs some of the first MiB")
        self._weigh_kaslr()
        if self.image is not None and not self.may_move:
            self._keep(self.image, IMAGE)

    def _weigh_kaslr(self) -> None:
        """Whether KASLR keeps out of regions at all, or the command line needs nokaslr besides."""
        if not self.may_move or not self.bad:
            return
        spares = STUB_SPARES_REGIONS.reached(self.version, unknown=True)
        if self.avoidance.regions >= AVOIDED_REGIONS:
            self.fixed = "The command line has 4 regions already, and KASLR keeps out of no more: nokaslr is added."
        elif STUB_PLACES_IMAGE.reached(self.version) and not spares and self.log.by_efi:
            self.fixed = "The EFI stub of this release moves the kernel without a look at memmap=: nokaslr is added."
        elif STUB_PLACES_IMAGE.reached(self.version) and not spares:
            self.doubt = "Started by EFI, this release may move the kernel into a region: add nokaslr then."
        elif spares and self.image is not None and self.bad & self.image:
            self.doubt = (
                "Started by EFI, a kernel with memmap= is not moved: it lies at 16 MiB, on some of these addresses."
                " Started by a BIOS, KASLR keeps out of them."
            )

    @property
    def extra(self) -> str:
        """What stands behind the regions."""
        return " nokaslr" if self.fixed else ""

    def _keep(self, frames: FrameSet, name: str) -> None:
        self.kept += tuple(Obstacle(*item.in_bytes(self.page), name) for item in self.bad & frames)
        self.bad -= frames


def region_argument(frames: FrameSet, page: int, *, listed: bool = True, retyped: bool = False) -> str:
    """``memmap=4K$0x7ddf0000,…``, or an argument each; ``retyped``: ``memmap=4K%0x7ddf0000-1+2``, without a “$”."""
    sign, types = ("%", f"-{RAM}+{RESERVED}") if retyped else ("$", "")
    regions = [
        f"{argument_size((end - start) * page)}{sign}{_start(start * page)}{types}" for start, end in frames.pairs
    ]
    return "memmap=" + (",".join(regions) if listed else " memmap=".join(regions))


def _start(start: int) -> str:
    return hex(start) if start % MIB else argument_size(start)


def regions(bad: FrameSet, ram: FrameSet, limits: Limits, page: int) -> FrameSet | None:
    """The frames in as many ranges of RAM as the limits allow, with the least RAM given up; None where they forbid it.

    Where KASLR would no longer keep out of all, those within one huge page are joined if that is enough: its other
    pages are of less use anyway.
    """
    out = bad
    if limits.avoided is not None and len(bad) > limits.avoided > 0:
        near = joined(bad, ram, limits.avoided, _HUGE_PAGE // page)
        if len(near) <= limits.avoided:
            out = near
    out = joined(out, ram, limits.regions)
    while (size := len(region_argument(out, page, listed=limits.listed))) > limits.characters:
        fewer = joined(out, ram, max(1, min(len(out) - 1, len(out) * limits.characters // size)))
        if len(fewer) == len(out):
            return None
        out = fewer
    return out if len(out) <= limits.regions else None


def joined(frames: FrameSet, ram: FrameSet, most: int, block: int | None = None) -> FrameSet:
    """The ranges as at most ``most`` where that can be, joined across the smallest gaps, which are RAM as a whole.

    ``block``: only gaps inside an aligned block of so many frames. Cost: n log n in ranges.
    """
    pairs = frames.pairs
    runs = [bisect_right(ram.pairs, (start, 1 << 64)) for start, _ in pairs]
    gaps = [
        (pairs[at][0] - pairs[at - 1][1], at)
        for at in range(1, len(pairs))
        if runs[at] == runs[at - 1] and (block is None or pairs[at][0] // block == (pairs[at - 1][1] - 1) // block)
    ]
    closed = {at for _, at in sorted(gaps)[: max(0, len(pairs) - most)]}
    out: list[tuple[int, int]] = []
    for at, (start, end) in enumerate(pairs):
        if at in closed:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return FrameSet(tuple(out))
