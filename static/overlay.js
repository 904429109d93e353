/* SVG beside what Plotly draws: address labels and the frame of what is picked above the bars, tinted places below. */

import { breaks, toPosition } from "./axis.js";

/**
 * @import { Range } from "./axis.js"
 * @import { Figure } from "./figure.js"
 * @import { Label } from "./ticks.js"
 */

const SVG = "http://www.w3.org/2000/svg";
const NARROW = 3; // pixels that a frame or tint has at least

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function create(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`);
  return element;
}

/**
 * An empty layer over the plot.
 *
 * @param {string} name its class
 */
export const layer = (name) => create("svg", { class: name, "aria-hidden": "true" });

/**
 * The pixels of two positions, those of the nearer end where they are out of sight; null where nothing is in view.
 *
 * @param {Range} ends
 * @param {Range} view
 * @param {number} width
 * @returns {Range | null}
 */
function pixels(ends, [low, high], width) {
  const [left, right] = ends.map((at) => Math.min(width, Math.max(0, ((at - low) / (high - low)) * width)));
  return right <= 0 || left >= width ? null : [left, right];
}

/**
 * @param {string} name class
 * @param {Range | null} across pixels
 * @param {number} top
 * @param {number} bottom
 */
function box(name, across, top, bottom) {
  if (!across) return [];
  const [left, right] = across;
  const width = Math.max(NARROW, right - left);
  return [create("rect", { class: name, x: left, y: top, width, height: bottom - top })];
}

/**
 * The labels of the axis, zigzags where it is not to scale, and a frame through all lanes around the picked page frames.
 *
 * @param {Figure} figure
 * @param {Label[]} labels
 * @param {Range | null} picked page frames
 * @param {Range} view
 * @param {number} width pixels
 */
export function labelsAndFrame({ layout: { meta, height, margin } }, labels, picked, view, width) {
  const texts = labels.map((label) => {
    const text = create("text", { x: label.share * width, y: 13, "text-anchor": label.anchor, class: "tl" });
    text.textContent = label.text;
    return text;
  });
  const zigzags = breaks(meta, view).map(([left, right]) =>
    create("rect", { class: "k-broken", x: left * width, y: margin.t - (margin.t % 5) - 5, width: (right - left) * width, height: 5 }),
  );
  if (!picked) return [...zigzags, ...texts];
  const ends = /** @type {Range} */ (picked.map((pfn) => toPosition(meta.knots, pfn)));
  return [...zigzags, ...texts, ...box("pick", pixels(ends, view, width), margin.t - 4, height - 2)];
}

/**
 * A tint over the lanes that differ, where they do: the figure's fourth trace, five corners for each place and a gap.
 *
 * @param {Figure} figure
 * @param {Range} view
 * @param {number} width pixels
 */
export function tints({ data: [, , , { x, y }], layout: { height, margin, yaxis } }, view, width) {
  const lane = (height - margin.t) / yaxis.range[0];
  const row = (/** @type {number} */ i) => margin.t + Number(y[i]) * lane;
  const boxes = [];
  for (let i = 0; i + 2 < x.length; i += 6) {
    boxes.push(...box("apart", pixels([Number(x[i]), Number(x[i + 1])], view, width), row(i), row(i + 2)));
  }
  return boxes;
}
