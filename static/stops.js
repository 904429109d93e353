/* Where keys and the button lead: the ranges that findings are about, worst first, and the bar that tells of page frames. */

/**
 * @import { Range } from "./axis.js"
 * @import { Bars } from "./bars.js"
 * @import { Stop } from "./figure.js"
 */

/** @param {Range} one @param {Range} other */
export const same = (one, other) => one[0] === other[0] && one[1] === other[1];

/**
 * The index after or before another in a ring; without another, the first or last.
 *
 * @param {number} at
 * @param {1 | -1} by
 * @param {number} length
 */
export const neighbourOf = (at, by, length) => (at < 0 ? (by > 0 ? 0 : length - 1) : (at + by + length) % length);

/**
 * The bar that tells what page frames are: of a hole its own, as bad as keys lead to, of others the lowest that has just
 * these; undefined or null where there is none.
 *
 * @param {Bars} bars
 * @param {Range} frames
 * @param {number} hole index of the hole that they are, -1 where they are none
 */
export function barOf(bars, frames, hole) {
  const severity = bars.meta.stops.find(([from, to]) => same([from, to], frames))?.[2];
  return (
    bars.uppermost(({ data, kind }) => data[3] === hole && kind === severity) ??
    bars.uppermost(({ data }) => data[3] === hole) ??
    bars.lowest(({ ends }) => same(bars.framesOf(ends), frames))
  );
}

/**
 * Write on the button which range is shown, at first which it leads to.
 *
 * @param {Stop[]} stops
 * @param {number} at the one that is shown, -1 for none
 */
export function nameStop(stops, at) {
  const button = document.getElementById("next");
  if (!button || !stops.length) return;
  const [, , severity, words] = stops[Math.max(at, 0)];
  button.textContent = `${words} ›`;
  button.className = `t-${severity}`;
}
