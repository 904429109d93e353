/* The view in the address bar: version, axis, page frames in view and the chosen hole. Other parameters stay. */

const HEX = /^0x[0-9a-f]{1,14}$/;

const pfnOf = (text) => (text !== null && HEX.test(text) ? Number(text) : null);

/** {axis, from, to, hole}; null for what is absent or cannot be read. */
export function read(search) {
  const query = new URLSearchParams(search);
  const known = query.get("v") === "1";
  const hole = query.get("hole");
  const from = known ? pfnOf(query.get("from")) : null;
  const to = known ? pfnOf(query.get("to")) : null;
  return {
    axis: query.get("axis") === "scale" ? "scale" : "schematic",
    from: from !== null && to !== null && from < to ? from : null,
    to: from !== null && to !== null && from < to ? to : null,
    hole: known && hole !== null && /^[0-9]{1,6}$/.test(hole) ? Number(hole) : null,
  };
}

/** Put the view into the address bar without a new entry in the history. */
export function write({ axis, from, to, hole }) {
  const url = new URL(window.location.href);
  const told = { v: "1", axis, from: from === null ? null : hex(from), to: to === null ? null : hex(to), hole };
  for (const [name, value] of Object.entries(told)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", url);
}

const hex = (pfn) => "0x" + Math.round(pfn).toString(16);
