/* The view in the address bar: version, axis, page frames in view, what is picked, lanes. The server reads it, this
   module only writes it; other parameters stay. What was written comes back by the browser's Back button. */

import { hex } from "./axis.js";

/**
 * @import { Range } from "./axis.js"
 * @import { AxisName } from "./figure.js"
 *
 * @typedef {object} View
 * @property {AxisName} axis
 * @property {number | null} from page frame; null where all are in view
 * @property {number | null} to
 * @property {Range | null} sel page frames that are picked
 * @property {string | null} lanes families that are shown, null for all
 */

// "hole" is of addresses of version 1; "find" is a question that has become a selection
const REPLACED = ["hole", "find"];

/**
 * Put the view into the address bar.
 *
 * @param {View} view
 * @param {boolean} jump an entry of the history of its own; else the present one changes
 */
export function writeAddress(view, jump) {
  const url = new URL(window.location.href);
  const { axis, from, to, sel, lanes } = view;
  const parameters = {
    v: "2",
    axis,
    from: from === null ? null : hex(from),
    to: to === null ? null : hex(to),
    sel: sel && sel.map(hex).join("-"),
    lanes,
  };
  if (jump) url.hash = "";
  for (const name of REPLACED) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history[jump ? "pushState" : "replaceState"]({ ...view }, "", url);
}

/**
 * Let the present entry of the history end in this fragment: where the reader comes back to.
 *
 * @param {string} hash
 */
export function writeFragment(hash) {
  const url = new URL(window.location.href);
  url.hash = hash;
  window.history.replaceState(window.history.state, "", url);
}

/**
 * Remember the view of the page as it was opened; an address of an earlier version or a question becomes the view's own.
 *
 * @param {View} view
 */
export function openHistory(view) {
  const parameters = new URL(window.location.href).searchParams;
  if (REPLACED.some((name) => parameters.has(name))) writeAddress(view, false);
  else window.history.replaceState({ ...view }, "", window.location.href);
}

/**
 * Call `show(view)` when the reader goes back or forth.
 *
 * @param {(view: View) => void} show
 */
export function onReturn(show) {
  window.addEventListener("popstate", (event) => event.state && show(event.state));
}
