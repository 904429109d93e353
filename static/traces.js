/* The bar traces that Plotly draws: those in view, with the labels that fit and a line for the smallest. */

/**
 * @import { Range } from "./axis.js"
 * @import { BarData, BarTrace, Figure, Pattern } from "./figure.js"
 * @import { Paints } from "./paint.js"
 *
 * @typedef {object} VisibleBar
 * @property {number} index in its trace
 * @property {number} y
 * @property {number} from position, clipped to the view
 * @property {number} length
 * @property {number} pixels
 * @property {string} kind
 * @property {BarData} data
 * @property {boolean} small narrower than TINY, and no alarm
 * @property {number} count of bars that this one stands for
 */

export const TINY = 2.5; // pixels
const LETTER = 6.5; // pixels of one letter of a bar's label
const MARGIN = 12; // beside it; both as in drawing/axis.py, so that no label goes when the live bars come
const HATCHED = 5; // pixels from which on a pattern can be told from a colour, and is worth what it costs to draw
const ALARMING = ["danger", "uninitialised"];

/** @param {{kind: string}} bar */
const alarming = (bar) => ALARMING.includes(bar.kind);

const ENTITIES = new Map([["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"]]);

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>]/g, (character) => ENTITIES.get(character) ?? character);

/**
 * A label and what stands for it where room is short, longest first. As in drawing/svg.py; tests/viewer/cases.json.
 *
 * @param {string} label
 */
export function labelForms(label) {
  const parts = label.split(" · ");
  const shorter = parts.map((_, at) => parts.slice(0, parts.length - at).join(" · "));
  const head = parts[0].split(" (")[0];
  const node = [head, ...parts.slice(1)].find((part) => part.startsWith("node ")) ?? head;
  return [...new Set([...shorter, head, node.replace(/^node /, "")])];
}

/**
 * The bars in view, clipped to it. Where several small ones share a few pixels, one stands for them and says so.
 *
 * @param {BarTrace} trace
 * @param {string[]} kinds of its bars
 * @param {Range} view
 * @param {number} width pixels of the drawing
 */
function visibleBars({ y, base, x, customdata }, kinds, [low, high], width) {
  const room = (high - low) / 50; // the cut edge stays out of sight, the label in the middle of what is seen
  const scale = width / (high - low);
  /** @type {VisibleBar[]} */
  const bars = [];
  /** @type {Map<number, VisibleBar>} */
  const last = new Map();
  for (let index = 0; index < base.length; index += 1) {
    const from = Math.max(base[index], low - room);
    const length = Math.min(base[index] + x[index], high + room) - from;
    if (length <= 0) continue;
    const [pixels, kind] = [length * scale, kinds[index]];
    const small = pixels < TINY && !alarming({ kind });
    const before = last.get(y[index]);
    if (small && before?.small && (from - before.from) * scale < TINY) {
      before.count += 1;
      before.data = [`${before.count} ranges`, `${before.count} ranges closer than a pixel: zoom in`, [], null];
      continue;
    }
    const bar = { index, y: y[index], from, length, pixels, kind, data: customdata[index], small, count: 1 };
    bars.push(bar);
    last.set(bar.y, bar);
  }
  return bars;
}

/**
 * @param {Pattern} pattern of the whole trace
 * @param {VisibleBar[]} bars
 * @param {Paints} colours
 */
function patternOf(pattern, bars, colours) {
  const pick = (/** @type {(string | number)[]} */ values) => bars.map((bar) => values[bar.index]);
  return {
    ...pattern,
    bgcolor: bars.map((bar) => colours.fill(bar.kind)),
    fgcolor: bars.map((bar) => colours.stroke(bar.kind)),
    shape: pick(pattern.shape),
    size: pick(pattern.size),
    solidity: pick(pattern.solidity),
  };
}

/**
 * A trace of the figure with these bars alone.
 *
 * @param {BarTrace} trace
 * @param {VisibleBar[]} bars
 * @param {Paints} colours
 * @param {((data: BarData) => boolean) | null} lit which bars are lit while others are dimmed
 */
function traceOf({ marker, ...rest }, bars, colours, lit) {
  const fits = (/** @type {string} */ text, /** @type {VisibleBar} */ bar) => text.length * LETTER + MARGIN <= bar.pixels;
  const line = {
    width: bars.map((bar) => (bar.pixels < TINY ? 2 : 1)),
    color: bars.map((bar) => (bar.pixels < TINY ? colours.stroke(bar.kind) : colours.card)),
  };
  const fill = marker.pattern
    ? { pattern: patternOf(marker.pattern, bars, colours) }
    : { color: bars.map((bar) => colours.fill(bar.kind)) };
  return {
    ...rest,
    y: bars.map((bar) => bar.y),
    base: bars.map((bar) => bar.from),
    x: bars.map((bar) => bar.length),
    customdata: bars.map((bar) => bar.data),
    text: bars.map((bar) => escaped(labelForms(bar.data[0]).find((words) => fits(words, bar)) ?? "")),
    selectedpoints: lit && bars.flatMap((bar, i) => (lit(bar.data) ? [i] : [])),
    // weight and not <b>, for which Plotly would write a style attribute, which the content security policy forbids
    insidetextfont: {
      color: bars.map((bar) => (alarming(bar) ? colours.alarm : colours.ink)),
      weight: bars.map((bar) => (alarming(bar) ? 650 : 400)),
    },
    marker: { ...marker, ...fill, line },
  };
}

/**
 * What Plotly draws of a figure: plain bars, patterned bars, the frames around dangerous holes.
 *
 * @param {Figure} figure
 * @param {Range} view
 * @param {number} width pixels of the drawing
 * @param {Paints} colours
 * @param {((data: BarData) => boolean) | null} lit
 */
export function traces({ data: [plain, patterned, frames], layout }, view, width, colours, lit) {
  const [plainKinds, patternedKinds] = layout.meta.kinds;
  const bars = visibleBars(patterned, patternedKinds, view, width);
  const hatched = (/** @type {VisibleBar} */ bar) => bar.pixels >= HATCHED || alarming(bar);
  const unhatched = bars.filter((bar) => !hatched(bar));
  return [
    traceOf(plain, [...visibleBars(plain, plainKinds, view, width), ...unhatched], colours, lit),
    traceOf(patterned, bars.filter(hatched), colours, lit),
    { ...frames, line: { ...frames.line, color: colours.alarm }, fillcolor: `${colours.alarm}10` },
  ];
}
