/* The figure as drawing/plotly.py writes it, and the bars in it. */

/**
 * @import { Knots, Range } from "./axis.js"
 *
 * @typedef {"schematic" | "scale"} AxisName
 *
 * @typedef {[label: string, detail: string, lines: number[], hole: number | null]} BarData
 *     `lines` of the log; `hole` is an index of the holes
 *
 * @typedef {object} BarTrace
 * @property {number[]} y
 * @property {number[]} base left ends, positions
 * @property {number[]} x lengths
 * @property {BarData[]} customdata
 * @property {{pattern?: Pattern}} marker
 *
 * @typedef {object} Pattern
 * @property {string[]} shape
 * @property {number[]} size
 * @property {number[]} solidity
 *
 * @typedef {object} LineTrace
 * @property {(number | null)[]} x
 * @property {(number | null)[]} y
 * @property {object} line
 *
 * @typedef {object} Meta
 * @property {AxisName} axis
 * @property {number} pageSize bytes
 * @property {Knots} knots
 * @property {Range} scale page frames of the axis to scale
 * @property {Range | null} fine positions between which bars are as fine as a screen shows, null where all are
 * @property {number[]} ticks boundaries, most important first
 * @property {Range[]} holes page frames
 * @property {Stop[]} stops where keys lead, worst first
 * @property {[text: string, lines: number[]][]} about what findings say, with lines of the log
 * @property {string[][]} kinds of the bars, one list for each bar trace
 *
 * @typedef {[start: number, end: number, severity: string, words: string, hole: number | null, about: number | null]} Stop
 *     page frames of what a finding is about: an index of the holes, or of what the findings say
 *
 * @typedef {object} Layout
 * @property {Meta} meta
 * @property {number} height
 * @property {{t: number}} margin
 * @property {{range: Range}} xaxis
 * @property {{range: Range}} yaxis
 *
 * @typedef {object} Figure
 * @property {[plain: BarTrace, patterned: BarTrace, frames: LineTrace, bands: LineTrace]} data
 * @property {Layout} layout
 *
 * @typedef {object} Bar
 * @property {number} row lane
 * @property {number} y
 * @property {Range} ends positions
 * @property {BarData} data
 * @property {string} kind
 */

/**
 * All bars of a figure.
 *
 * @param {Figure} figure
 * @returns {Bar[]}
 */
export function barsOf(figure) {
  return figure.data.slice(0, 2).flatMap((trace, part) => {
    const { y, base, x, customdata } = /** @type {BarTrace} */ (trace);
    return customdata.map((data, i) => {
      const ends = /** @type {Range} */ ([base[i], base[i] + x[i]]);
      return { row: Math.floor(y[i]), y: y[i], ends, data, kind: figure.layout.meta.kinds[part][i] };
    });
  });
}

/**
 * The lowest bar that a test picks; null where there is none.
 *
 * @param {Figure} figure
 * @param {(bar: Bar) => boolean} test
 */
export function lowest(figure, test) {
  return barsOf(figure).reduce(
    (low, bar) => (test(bar) && !(low && low.y > bar.y) ? bar : low),
    /** @type {Bar | null} */ (null),
  );
}

/**
 * The uppermost bar that a test picks; null where there is none.
 *
 * @param {Figure} figure
 * @param {(bar: Bar) => boolean} test
 */
export function uppermost(figure, test) {
  return barsOf(figure).reduce(
    (high, bar) => (test(bar) && !(high && high.y <= bar.y) ? bar : high),
    /** @type {Bar | null} */ (null),
  );
}

/**
 * The bar `by` bars and `down` lanes from another, or where there is no other, the first in view; null without bars.
 *
 * @param {Figure} figure
 * @param {Bar | null} current
 * @param {number} start left end of the view
 * @param {number} by
 * @param {number} down
 */
export function neighbour(figure, current, start, by, down) {
  const bars = barsOf(figure);
  const rows = [...new Set(bars.map((bar) => bar.row))].sort((a, b) => a - b);
  if (!rows.length) return null;
  const at = current && rows.includes(current.row) ? rows.indexOf(current.row) : 0;
  const row = rows[Math.min(rows.length - 1, Math.max(0, at + down))];
  const lane = bars.filter((bar) => bar.row === row).sort((a, b) => a.ends[0] - b.ends[0]);
  const from = current ? current.ends[0] : start;
  const near = Math.max(0, lane.findLastIndex((bar) => bar.ends[0] <= from));
  return lane[Math.min(lane.length - 1, Math.max(0, current ? near + by : near))];
}
