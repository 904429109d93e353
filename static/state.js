/* The view in the address bar: version, axis, page frames in view, what is picked, lanes. The server reads it, this
   module only writes it; other parameters stay. What was written comes back by the browser's Back button. */

const GONE = ["hole", "find"]; // of earlier versions, and the question that became a selection

/** The view that the server understood from the address. */
export const read = (stage) => JSON.parse(stage.dataset.view);

/** Put the view into the address bar; a jump becomes an entry of the history, a move changes the present one. */
export function write(view, jump) {
  const url = new URL(window.location.href);
  const { axis, from, to, sel, lanes } = view;
  const told = { v: "2", axis, from: hex(from), to: hex(to), sel: sel && sel.map(hex).join("-"), lanes };
  if (jump) url.hash = "";
  for (const name of GONE) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(told)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history[jump ? "pushState" : "replaceState"]({ ...view }, "", url);
}

/** Let the present entry of the history end in this fragment: where the reader comes back to. */
export function leave(hash) {
  const url = new URL(window.location.href);
  url.hash = hash;
  window.history.replaceState(window.history.state, "", url);
}

/** Remember the view of the page as it came; an address of an earlier version or a question becomes the view's own. */
export function begin(view) {
  const query = new URL(window.location.href).searchParams;
  if (GONE.some((name) => query.has(name))) write(view, false);
  else window.history.replaceState({ ...view }, "", window.location.href);
}

/** Call `show(view)` when the reader goes back or forth. */
export function onReturn(show) {
  window.addEventListener("popstate", (event) => event.state && show(event.state));
}

/** A page frame in hexadecimal, with a fraction where a deep zoom ends inside one. */
function hex(pfn) {
  if (pfn === null) return null;
  const parts = Math.round((pfn % 1) * 65536);
  const whole = Math.floor(pfn) + (parts === 65536 ? 1 : 0);
  const rest = (parts % 65536).toString(16).padStart(4, "0").replace(/0+$/, "");
  return `0x${whole.toString(16)}${rest && `.${rest}`}`;
}
