/* The arithmetic of the address axis: positions and page frames both ways, hexadecimal labels, zooming.
   Positions are in the unit of the figure's axis: 0..1 (schematic) or page frames (to scale). */

const CHARACTER = 6.7; // pixels of one letter of a label
const GAP = 10;
const ROOM = 36; // pixels that a round address keeps from others: it is the less telling one
const FEW = 4; // with fewer labels in view, round ones stand as close as others
const WIDTHS = [240, 320, 480, 640, 800, 960, 1200]; // of the drawing, from which on a label is shown

function between(value, source, target) {
  const last = source.length - 1;
  if (value <= source[0]) return target[0];
  if (value >= source[last]) return target[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (source[middle] <= value) low = middle;
    else high = middle;
  }
  const share = (value - source[low]) / (source[high] - source[low]);
  return target[low] + share * (target[high] - target[low]);
}

export const toPosition = (knots, pfn) => between(pfn, knots.pfn, knots.at);
export const toPfn = (knots, position) => between(position, knots.at, knots.pfn);

/** A byte address in hexadecimal; BigInt, since addresses outgrow 2^53. */
export const address = (pfn, pageSize) => "0x" + (BigInt(Math.round(pfn)) * BigInt(pageSize)).toString(16);

/** Round page frames in view, some six of them: multiples of a power of two. */
function rounds(from, to) {
  const step = 2 ** Math.max(0, Math.round(Math.log2(Math.max(1, (to - from) / 6))));
  const found = [];
  for (let pfn = Math.ceil(from / step) * step; pfn <= to; pfn += step) found.push(pfn);
  return found;
}

/** Labels that do not touch: [{at, pixel, text, anchor}], for a view [from, to] drawn on `width` pixels.

    Made as the server makes those of the still drawing (ticks.py), so that none changes when the live bars replace it:
    boundaries in the server's order of importance, each from the width on at which it fits, then round addresses where
    they leave much room at every greater width. */
export function ticks(meta, view, width) {
  const [low, high] = view;
  const [from, to] = view.map((at) => toPfn(meta.knots, at));
  const label = (pfn) => {
    const at = toPosition(meta.knots, pfn);
    const share = (at - low) / (high - low);
    const text = address(pfn, meta.pageSize);
    const anchor = share < 1e-9 ? "start" : share > 1 - 1e-9 ? "end" : "middle";
    return { pfn, at, share, text, anchor, length: text.length * CHARACTER };
  };
  const left = ({ share, anchor, length }, wide) => share * wide - { start: 0, middle: length / 2, end: length }[anchor];
  const fits = (one, wide, others, gap) => {
    const start = left(one, wide);
    const end = start + one.length;
    const free = (other) => end + gap <= left(other, wide) || left(other, wide) + other.length + gap <= start;
    return start >= 0 && end <= wide && others.every(free);
  };
  const placed = new Map();
  const telling = meta.ticks.filter((pfn) => pfn >= from && pfn <= to).map(label);
  for (const wide of WIDTHS) {
    for (const one of telling) {
      if (!placed.has(one.pfn) && fits(one, wide, [...placed.values()], GAP)) placed.set(one.pfn, { ...one, wide });
    }
  }
  const gap = placed.size < FEW ? GAP : ROOM;
  for (const one of rounds(from, to).filter((pfn) => !placed.has(pfn)).map(label)) {
    const others = [...placed.values()];
    const failing = WIDTHS.findLastIndex((wide) => !fits(one, wide, others.filter((other) => other.wide <= wide), gap));
    if (failing < WIDTHS.length - 1) placed.set(one.pfn, { ...one, wide: WIDTHS[failing + 1] });
  }
  return [...placed.values()]
    .filter((one) => one.wide <= width)
    .map(({ at, share, text, anchor }) => ({ at, pixel: share * width, text, anchor }));
}

/** A view around `centre`, `factor` times as wide, inside [low, high] and not narrower than `least`. */
export function scaled(view, factor, centre, [low, high], least) {
  const width = Math.min(high - low, Math.max(least, (view[1] - view[0]) * factor));
  const share = (centre - view[0]) / (view[1] - view[0]);
  return held([centre - share * width, centre + (1 - share) * width], [low, high]);
}

/** The view pushed back inside [low, high], keeping its width. */
export function held(view, [low, high]) {
  const width = Math.min(view[1] - view[0], high - low);
  const start = Math.min(Math.max(view[0], low), high - width);
  return [start, start + width];
}
