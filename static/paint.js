/* Colours of the bars, read from the style sheet, so that the figure follows the reader's light or dark page. */

export function paints() {
  const style = window.getComputedStyle(document.documentElement);
  const known = new Map();
  const read = (name) => {
    if (!known.has(name)) known.set(name, style.getPropertyValue(name).trim());
    return known.get(name);
  };
  const fill = (kind) => read(`--k-${kind}`);
  return {
    fill,
    stroke: (kind) => read(`--p-${kind}`) || fill(kind),
    card: read("--card"),
    ink: read("--ink"),
    line: read("--line"),
    alarm: read("--alarm"),
  };
}

/** Call `repaint` whenever the reader's preference changes. */
export function onThemeChange(repaint) {
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
}
