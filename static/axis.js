/* The arithmetic of the address axis: positions and page frames both ways, hexadecimal labels, zooming.
   Positions are in the unit of the figure's axis: 0..1 (schematic) or page frames (to scale). */

const CHARACTER = 6.7; // pixels of one letter of a label
const GAP = 10;
const ROOM = 44; // pixels that a round address keeps from others: it is the less telling one

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
    Boundaries come first, in the server's order of importance; round addresses where they leave much room. */
export function ticks(meta, view, width) {
  const placed = [];
  const [low, high] = view;
  const [from, to] = view.map((at) => toPfn(meta.knots, at));
  const place = (pfn, gap) => {
    const at = toPosition(meta.knots, pfn);
    const pixel = ((at - low) / (high - low)) * width;
    const text = address(pfn, meta.pageSize);
    const length = text.length * CHARACTER;
    const anchor = pixel < 1 ? "start" : pixel > width - 1 ? "end" : "middle";
    const left = pixel - { start: 0, middle: length / 2, end: length }[anchor];
    const inside = left >= 0 && left + length <= width;
    if (inside && placed.every((tick) => left + length + gap <= tick.left || tick.left + tick.length + gap <= left)) {
      placed.push({ pfn, at, pixel, text, anchor, left, length });
    }
  };
  for (const pfn of meta.ticks) if (pfn >= from && pfn <= to) place(pfn, GAP);
  const gap = placed.length < 4 ? GAP : ROOM;
  for (const pfn of rounds(from, to)) if (placed.every((tick) => tick.pfn !== pfn)) place(pfn, gap);
  return placed;
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
