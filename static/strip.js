/* The strip above the bars: where the view is in the whole machine, to scale. */

import { toPfn } from "./axis.js";
import { query } from "./dom.js";
import { onSlide } from "./touch.js";

/** @import { Bars } from "./bars.js" */

/**
 * Put the rectangle of the strip where the view of these bars is.
 *
 * @param {HTMLElement} strip
 * @param {Bars} bars
 */
export function moveWindow(strip, bars) {
  const [low, high] = bars.meta.scale;
  const [from, to] = bars.view.map((at) =>
    Math.min(1, Math.max(0, (toPfn(bars.meta.knots, at) - low) / (high - low))),
  );
  const width = Math.max(to - from, 0.002);
  const frame = query(strip, ".window", SVGElement);
  frame.setAttribute("x", `${Math.min(from, 1 - width) * 100}%`);
  frame.setAttribute("width", `${width * 100}%`);
}

/**
 * Let a press on the strip bring that place into the middle of the view, and slide the view along it.
 *
 * @param {HTMLElement} strip
 * @param {Bars} bars
 */
export function wireStrip(strip, bars) {
  strip.classList.add("active");
  onSlide(strip, (share, jump) => {
    const [low, high] = bars.meta.scale;
    bars.centre(low + share * (high - low), jump);
  });
}

/**
 * Mark the link of the axis that is shown.
 *
 * @param {string} axis
 */
export function markAxis(axis) {
  for (const link of document.querySelectorAll("a[data-axis]")) {
    if (link.getAttribute("data-axis") === axis) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  document.getElementById("beyond")?.toggleAttribute("hidden", axis !== "scale");
}
