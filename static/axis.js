/* The arithmetic of the address axis: positions and page frames both ways, hexadecimal page frames, zooming.
   Positions are in the unit of the figure's axis: 0..1 (schematic) or page frames (to scale).
   What drawing/axis.py and drawing/view.py compute too is held to the same cases: tests/viewer/cases.json. */

/**
 * @typedef {[number, number]} Range two ends, the second outside: positions, or page frames
 *
 * @typedef {object} Knots the axis is linear between them: page frame pfn[i] is at position at[i]
 * @property {number[]} pfn
 * @property {number[]} at
 */

const BESIDE = 256; // page frames shown on both sides of a single one, to scale
const BROKEN = 100; // times by which a part is drawn wider or narrower than others, so that a zigzag says so
const BETWEEN = 0.004; // part of the view between zigzags below which they are one
const FRACTIONS = 65536; // a page frame is written to this part of one: a pixel of the deepest zoom is more

/**
 * @param {number} value
 * @param {number[]} source
 * @param {number[]} target
 * @returns {number}
 */
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

/**
 * @param {Knots} knots
 * @param {number} pfn
 */
export const toPosition = (knots, pfn) => between(pfn, knots.pfn, knots.at);

/**
 * @param {Knots} knots
 * @param {number} position
 */
export const toPfn = (knots, position) => between(position, knots.at, knots.pfn);

/**
 * A byte address in hexadecimal; BigInt, since addresses outgrow 2^53.
 *
 * @param {number} pfn
 * @param {number} pageSize bytes
 */
export const address = (pfn, pageSize) => "0x" + (BigInt(Math.round(pfn)) * BigInt(pageSize)).toString(16);

/**
 * A page frame in hexadecimal, with a fraction where a deep zoom ends inside one.
 *
 * @param {number} pfn
 */
export function hex(pfn) {
  const parts = Math.round((pfn % 1) * FRACTIONS);
  const whole = Math.floor(pfn) + (parts === FRACTIONS ? 1 : 0);
  const rest = (parts % FRACTIONS).toString(16).padStart(4, "0").replace(/0+$/, "");
  return `0x${whole.toString(16)}${rest && `.${rest}`}`;
}

/**
 * A frame in words: `pfn 0xbffe9 · 0xbffe9000`.
 *
 * @param {number} pfn
 * @param {number} pageSize bytes
 */
export const frameWords = (pfn, pageSize) => `pfn 0x${pfn.toString(16)} · ${address(pfn, pageSize)}`;

/**
 * Bytes with the largest binary unit that needs at most two decimals: `164 KiB`. As units.format_size writes them.
 *
 * @param {number} bytes
 */
export function sizeWords(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let at = 0;
  let value = bytes;
  for (; value >= 1024 && at < units.length - 1; at += 1) value /= 1024;
  const hundredths = Math.round(value * 100);
  const tie = value * 100 === hundredths - 0.5 && hundredths % 2 === 1; // goes to the even one, unlike Math.round
  return `${(tie ? hundredths - 1 : hundredths) / 100} ${units[at]}`;
}

/**
 * Page frames in words: `[0xbffd7, 0xc0000) · 41 pages · 164 KiB · 0xbffd7000`.
 *
 * @param {Range} frames
 * @param {number} pageSize bytes
 */
export function placeWords([from, to], pageSize) {
  const pages = `${(to - from).toLocaleString("en")} ${to - from === 1 ? "page" : "pages"}`;
  return `[${hex(from)}, ${hex(to)}) · ${pages} · ${sizeWords((to - from) * pageSize)} · ${address(from, pageSize)}`;
}

/**
 * Parts (0..1) of the view that are drawn more than 100 times wider or narrower than the rest of it, as far as that lies
 * on the axis to scale.
 *
 * @param {{axis: string, knots: Knots, scale: Range}} meta
 * @param {Range} view positions
 * @returns {Range[]}
 */
export function breaks({ axis, knots, scale }, view) {
  if (axis === "scale") return [];
  const [start, end] = view.map((at) => toPfn(knots, at));
  const inView = [...knots.pfn.keys()].filter((i) => knots.pfn[i] > start && knots.pfn[i] < end);
  const pfns = [start, ...inView.map((i) => knots.pfn[i]), end];
  const at = [view[0], ...inView.map((i) => knots.at[i]), view[1]].map((place) => (place - view[0]) / (view[1] - view[0]));
  const inner = [Math.max(start, scale[0]), Math.min(end, scale[1])];
  const [low, high] = inner[0] < inner[1] ? inner : [start, end];
  const usual = ((high - low) * (view[1] - view[0])) / (toPosition(knots, high) - toPosition(knots, low));
  /** @type {Range[]} */
  const out = [];
  for (let i = 0; i + 1 < pfns.length; i += 1) {
    const [left, right, pages] = [at[i], at[i + 1], pfns[i + 1] - pfns[i]];
    if ((right - left) * usual <= BROKEN * pages && pages <= BROKEN * usual * (right - left)) continue;
    if (out.length && left - out[out.length - 1][1] < BETWEEN) out[out.length - 1][1] = right;
    else out.push([left, right]);
  }
  return out;
}

/**
 * The view pushed back inside [low, high], keeping its width.
 *
 * @param {Range} view
 * @param {Range} whole
 * @returns {Range}
 */
export function inside(view, [low, high]) {
  const width = Math.min(view[1] - view[0], high - low);
  const start = Math.min(Math.max(view[0], low), high - width);
  return [start, start + width];
}

/**
 * A view around `centre`, `factor` times as wide, inside `whole` and not narrower than `least`.
 *
 * @param {Range} view
 * @param {number} factor
 * @param {number} centre
 * @param {Range} whole
 * @param {number} least
 * @returns {Range}
 */
export function scaled(view, factor, centre, whole, least) {
  const width = Math.min(whole[1] - whole[0], Math.max(least, (view[1] - view[0]) * factor));
  const share = (centre - view[0]) / (view[1] - view[0]);
  return inside([centre - share * width, centre + (1 - share) * width], whole);
}

/**
 * The narrowest view around a page frame: four frames to scale, else that one.
 *
 * @param {Knots} knots
 * @param {string} axis
 * @param {number} pfn
 */
export function narrowest(knots, axis, pfn) {
  return axis === "scale" ? 4 : Math.max(1e-6, toPosition(knots, pfn + 0.5) - toPosition(knots, pfn - 0.5));
}

/**
 * The view that holds these page frames with `room` times their width on both sides.
 *
 * @param {Knots} knots
 * @param {string} axis
 * @param {Range} frames
 * @param {number} room
 * @returns {Range}
 */
export function around(knots, axis, [from, to], room) {
  const [left, right] = [toPosition(knots, from), toPosition(knots, to)];
  const width = Math.max(right - left, narrowest(knots, axis, (from + to) / 2));
  const whole = /** @type {Range} */ ([knots.at[0], knots.at[knots.at.length - 1]]);
  return inside([left - room * width, left + (1 + room) * width], whole);
}

/**
 * What to look at for these page frames: of a single one, the boundaries around it or, to scale, some hundred frames.
 *
 * @param {Knots} knots
 * @param {string} axis
 * @param {Range} frames
 * @returns {Range}
 */
export function surroundings(knots, axis, [from, to]) {
  if (to - from > 1) return [from, to];
  if (axis === "scale") return [from - BESIDE, to + BESIDE];
  const above = knots.pfn.findIndex((pfn) => pfn > from);
  const at = above < 0 ? knots.pfn.length - 1 : Math.max(1, above);
  return [knots.pfn[at - 1], knots.pfn[at]];
}
