/* Which boundaries get a hexadecimal label, so that no two labels touch at any width of the drawing.
   The same as drawing/axis.py does for the still drawing, so that no label changes when the live bars replace it; both
   are held to tests/viewer/cases.json. */

import { address, toPfn, toPosition } from "./axis.js";

/**
 * @import { Knots, Range } from "./axis.js"
 *
 * @typedef {"start" | "middle" | "end"} Anchor
 *
 * @typedef {object} Label
 * @property {number} pfn
 * @property {number} at position on the axis
 * @property {number} share 0..1 of the view
 * @property {string} text
 * @property {Anchor} anchor
 * @property {number} width of the drawing in pixels, from which on the label is shown
 */

const CHARACTER = 6.7; // pixels of one character of a label
const GAP = 10; // pixels between labels
const ROOM = 36; // pixels that a round address keeps from others: it tells less than a boundary
const FEW = 4; // with fewer labels in view, round addresses stand as close as others
const WIDTHS = [240, 320, 480, 640, 800, 960, 1200]; // of the drawing in pixels at which labels appear

/**
 * @param {{share: number, text: string, anchor: Anchor}} label
 * @param {number} width of the drawing
 * @returns {Range} pixels
 */
function extent({ share, text, anchor }, width) {
  const length = text.length * CHARACTER;
  const left = share * width - { start: 0, middle: length / 2, end: length }[anchor];
  return [left, left + length];
}

/**
 * @param {Label} label
 * @param {number} width
 * @param {Label[]} others
 * @param {number} gap
 */
function fits(label, width, others, gap) {
  const [left, right] = extent(label, width);
  const free = (/** @type {Label} */ other) => {
    const [start, end] = extent(other, width);
    return right + gap <= start || end + gap <= left;
  };
  return left >= 0 && right <= width && others.every(free);
}

/**
 * Round page frames in view, some six of them: multiples of a power of two.
 *
 * @param {number} from
 * @param {number} to
 */
function rounds(from, to) {
  const step = 2 ** Math.max(0, Math.round(Math.log2(Math.max(1, (to - from) / 6))));
  const pfns = [];
  for (let pfn = Math.ceil(from / step) * step; pfn <= to; pfn += step) pfns.push(pfn);
  return pfns;
}

/**
 * Labels of a view, each with the width from which on it is shown: boundaries in their order of importance, then round
 * addresses where they leave much room at every greater width.
 *
 * @param {{knots: Knots, ticks: number[], pageSize: number}} meta `ticks` are the boundaries, most important first
 * @param {Range} view positions
 * @returns {Label[]}
 */
export function labels({ knots, ticks: boundaries, pageSize }, view) {
  const [low, high] = view;
  const [from, to] = view.map((at) => toPfn(knots, at));
  const label = (/** @type {number} */ pfn) => {
    const at = toPosition(knots, pfn);
    const share = (at - low) / (high - low);
    const anchor = /** @type {Anchor} */ (share < 1e-9 ? "start" : share > 1 - 1e-9 ? "end" : "middle");
    return { pfn, at, share, text: address(pfn, pageSize), anchor, width: 0 };
  };
  /** @type {Map<number, Label>} */
  const placed = new Map();
  const candidates = boundaries.filter((pfn) => pfn >= from && pfn <= to).map(label);
  for (const width of WIDTHS) {
    for (const one of candidates) {
      if (!placed.has(one.pfn) && fits(one, width, [...placed.values()], GAP)) placed.set(one.pfn, { ...one, width });
    }
  }
  const gap = placed.size < FEW ? GAP : ROOM;
  for (const one of rounds(from, to).filter((pfn) => !placed.has(pfn)).map(label)) {
    const others = [...placed.values()];
    const failing = WIDTHS.findLastIndex((width) => !fits(one, width, others.filter((other) => other.width <= width), gap));
    if (failing < WIDTHS.length - 1) placed.set(one.pfn, { ...one, width: WIDTHS[failing + 1] });
  }
  return [...placed.values()];
}
