/* Colours of the bars, read from the style sheet, so that the figure follows the reader's light or dark page. */

/**
 * @typedef {object} Paints
 * @property {(kind: string) => string} fill
 * @property {(kind: string) => string} stroke
 * @property {string} card
 * @property {string} ink
 * @property {string} line
 * @property {string} alarm
 */

/** @returns {Paints} the colours of the page as it is now */
export function paints() {
  const style = window.getComputedStyle(document.documentElement);
  /** @type {Map<string, string>} */
  const colours = new Map();
  const read = (/** @type {string} */ name) => {
    const colour = colours.get(name) ?? style.getPropertyValue(name).trim();
    colours.set(name, colour);
    return colour;
  };
  const fill = (/** @type {string} */ kind) => read(`--k-${kind}`);
  return {
    fill,
    stroke: (kind) => read(`--p-${kind}`) || fill(kind),
    card: read("--card"),
    ink: read("--ink"),
    line: read("--line"),
    alarm: read("--alarm"),
  };
}

/**
 * Call `repaint` whenever the reader's preference changes.
 *
 * @param {() => void} repaint
 */
export function onThemeChange(repaint) {
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
}
