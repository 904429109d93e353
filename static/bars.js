/* The interactive bars: Plotly draws, this module decides what is in view, which labels fit and what is lit. */

import { held, scaled, ticks, toPfn, toPosition } from "./axis.js";
import { onThemeChange, paints } from "./paint.js";
import { onTouch } from "./touch.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 6.6;
const TINY = 2.5; // pixels
const HATCHED = 5; // pixels from which on a pattern can be told from a colour, and is worth what it costs to draw
const SETTLED = 120; // milliseconds without a move
const ALARMING = ["danger", "uninitialised"];
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, scrollZoom: false };

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const forms = (label) => {
  const head = label.split(" (")[0].split(" · ")[0];
  return [label, head, head.replace(/^node /, "")];
};

/** The bars in view, clipped to it. Where several small ones share a few pixels, one stands for them and says so. */
function visible({ y, base, x, customdata }, kinds, [low, high], width) {
  const room = (high - low) / 50; // the cut edge stays out of sight, the label in the middle of what is seen
  const scale = width / (high - low);
  const found = [];
  const last = new Map();
  for (let index = 0; index < base.length; index += 1) {
    const from = Math.max(base[index], low - room);
    const length = Math.min(base[index] + x[index], high + room) - from;
    if (length <= 0) continue;
    const bar = { index, y: y[index], from, length, pixels: length * scale, kind: kinds[index], data: customdata[index] };
    const before = last.get(bar.y);
    const small = bar.pixels < TINY && !ALARMING.includes(bar.kind);
    if (small && before?.small && (from - before.from) * scale < TINY) {
      before.count += 1;
      before.data = [`${before.count} ranges`, `${before.count} ranges closer than a pixel: zoom in`, [], null];
      continue;
    }
    found.push(Object.assign(bar, { small, count: 1 }));
    last.set(bar.y, bar);
  }
  return found;
}

export class Bars {
  /** `plot` is the element around the still drawing; `on` has view(from, to, jump), point(bar), choose(bar) and,
      where finer bars can be had, refine(from, to). */
  constructor(plotly, plot, on) {
    this.plotly = plotly;
    this.plot = plot;
    this.on = on;
    this.still = plot.querySelector(".drawing");
    // the library draws lines and areas above bars; what tints the lanes that differ has to lie below them
    this.bands = plot.appendChild(element("svg", { class: "bands", "aria-hidden": "true" }));
    this.live = plot.appendChild(Object.assign(document.createElement("div"), { className: "live" }));
    this.labels = plot.appendChild(element("svg", { class: "labels", "aria-hidden": "true" }));
    this.lit = null;
    this.picked = null;
    onThemeChange(() => this.draw());
    new ResizeObserver(() => this.resized()).observe(plot);
  }

  /** Draw a figure, showing page frames [from, to) or, where they are null, everything. */
  async show(figure, from, to) {
    this.figure = figure;
    this.meta = figure.layout.meta;
    this.traces = figure.data.slice(0, 2);
    this.whole = [...figure.layout.xaxis.range];
    const frames = this.meta.knots.pfn;
    const inside = from !== null && from < frames[frames.length - 1] && to > frames[0];
    this.view = [...this.whole];
    if (inside) this.view = this.around(from, to, 0);
    await this.draw();
    this.listen();
    this.still.classList.add("covered");
    this.settle();
  }

  /** Take the bars of a figure that is finer where the reader looks; the view stays. */
  refine(figure) {
    this.figure = figure;
    this.meta = figure.layout.meta;
    this.traces = figure.data.slice(0, 2);
    return this.draw();
  }

  /** Once the view rests, ask for finer bars where it shows joined ones. */
  settle() {
    window.clearTimeout(this.settling);
    const { fine } = this.meta;
    if (!fine || !this.on.refine) return;
    const width = this.view[1] - this.view[0];
    const slack = width * 1e-6;
    const inside = this.view[0] >= fine[0] - slack && this.view[1] <= fine[1] + slack;
    if (inside && width > 0.4 * (fine[1] - fine[0])) return;
    this.settling = window.setTimeout(() => this.on.refine(...this.exact), SETTLED);
  }

  /** Frame page frames [from, to) through all lanes; null for nothing. */
  pick(frames) {
    this.picked = frames;
    this.write(ticks(this.meta, this.view, this.width));
  }

  /** Page frames in view, or nulls when everything is. */
  get shown() {
    const all = this.view[0] <= this.whole[0] && this.view[1] >= this.whole[1];
    return all ? [null, null] : this.exact;
  }

  get exact() {
    return this.view.map((at) => toPfn(this.meta.knots, at));
  }

  /** The view that holds page frames [from, to) with `room` times their width on both sides. */
  around(from, to, room) {
    const [left, right] = [toPosition(this.meta.knots, from), toPosition(this.meta.knots, to)];
    const width = Math.max(right - left, this.least);
    return held([left - room * width, left + (1 + room) * width], this.whole);
  }

  /** The page frames between the boundaries around this one. */
  interval(pfn) {
    const frames = this.meta.knots.pfn;
    const at = Math.min(Math.max(1, frames.findIndex((other) => other > pfn)), frames.length - 1);
    return [frames[at - 1], frames[at]];
  }

  /** The narrowest view: four frames to scale, else the one frame in the middle. */
  get least() {
    if (this.meta.axis === "scale") return 4;
    const { knots } = this.meta;
    const middle = toPfn(knots, (this.view[0] + this.view[1]) / 2);
    return Math.max(1e-6, toPosition(knots, middle + 0.5) - toPosition(knots, middle - 0.5));
  }

  /** Move the view, as wide as it is, to this page frame. */
  centre(pfn, jump = true) {
    const half = (this.view[1] - this.view[0]) / 2;
    const at = toPosition(this.meta.knots, pfn);
    this.go(held([at - half, at + half], this.whole), jump);
  }

  /** Show this part of the axis; a jump is what the reader may want to come back from. */
  go(view, jump = false) {
    this.view = view;
    this.on.view(...this.shown, jump);
    this.settle();
    this.wanted ??= window.requestAnimationFrame(() => {
      this.wanted = null;
      this.draw();
    });
  }

  zoom(factor, centre = (this.view[0] + this.view[1]) / 2) {
    this.go(scaled(this.view, factor, centre, this.whole, this.least));
  }

  pan(share) {
    const by = (this.view[1] - this.view[0]) * share;
    this.go(held([this.view[0] + by, this.view[1] + by], this.whole));
  }

  all() {
    this.go([...this.whole], true);
  }

  zoomTo(from, to, room = 1.2) {
    this.go(this.around(from, to, room), true);
  }

  /** The bar `by` bars and `down` lanes from the one stepped on last, or the first in view; null where there is none. */
  step(by, down) {
    const bars = this.traces.flatMap(({ customdata, y, base, x }) =>
      customdata.map((data, i) => ({ row: Math.floor(y[i]), from: base[i], to: base[i] + x[i], data })),
    );
    const rows = [...new Set(bars.map((bar) => bar.row))].sort((a, b) => a - b);
    if (!rows.length) return null;
    const at = this.stepped && rows.includes(this.stepped.row) ? rows.indexOf(this.stepped.row) : 0;
    const row = rows[Math.min(rows.length - 1, Math.max(0, at + down))];
    const lane = bars.filter((bar) => bar.row === row).sort((a, b) => a.from - b.from);
    const from = this.stepped?.from ?? this.view[0];
    const near = Math.max(0, lane.findLastIndex((bar) => bar.from <= from));
    const next = lane[Math.min(lane.length - 1, Math.max(0, this.stepped ? near + by : near))];
    this.stepped = next;
    return { data: next.data, frames: this.framesOf([next.from, next.to]) };
  }

  /** Light the bars that a test picks by [label, detail, lines, hole] and dim the others; null lights all. */
  light(test) {
    this.lit = test && this.lowest(test) ? test : null;
    this.draw();
  }

  /** The lowest bar that a test picks: what it says of itself, and its page frames; null where there is none. */
  lowest(test) {
    const bars = this.traces.flatMap(({ customdata, y, base, x }) =>
      customdata.map((data, i) => ({ data, y: y[i], ends: [base[i], base[i] + x[i]] })),
    );
    const found = bars.filter(({ data }) => test(data)).reduce((a, b) => (a && a.y > b.y ? a : b), null);
    return found && { data: found.data, frames: this.framesOf(found.ends) };
  }

  /** The page frames of two positions. */
  framesOf(ends) {
    return ends.map((at) => Math.round(toPfn(this.meta.knots, at)));
  }

  /** Bring page frames into view where they are not, or too narrow to be seen. */
  reveal([from, to]) {
    const [left, right] = [from, to].map((pfn) => toPosition(this.meta.knots, pfn));
    const [low, high] = this.view;
    const seen = right > low && left < high && ((right - left) / (high - low)) * this.width > 2 * TINY;
    if (!seen) this.go(this.around(from, to, 1.2), true);
    return !seen;
  }

  draw() {
    const width = (this.width = this.plot.clientWidth);
    const marks = ticks(this.meta, this.view, width);
    const colours = paints();
    const layout = { ...this.figure.layout, width };
    layout.xaxis = { ...layout.xaxis, range: this.view, tickvals: this.lines(marks), gridcolor: colours.line };
    layout.yaxis = { ...layout.yaxis, gridcolor: colours.line };
    const frames = this.figure.data[2];
    const dashes = { ...frames, line: { ...frames.line, color: colours.alarm }, fillcolor: colours.alarm + "10" };
    this.write(marks);
    this.tint();
    const [plain, patterned] = this.traces.map((trace, which) => visible(trace, this.meta.kinds[which], this.view, width));
    const told = (bar) => bar.pixels >= HATCHED || ALARMING.includes(bar.kind);
    const bars = [[...plain, ...patterned.filter((bar) => !told(bar))], patterned.filter(told)];
    const traces = [...bars.map((those, which) => this.look(which, those, colours)), dashes];
    return this.plotly.react(this.live, traces, layout, CONFIG);
  }

  /** A bar trace as it should look with these bars: with the labels that fit and a line for the smallest. */
  look(which, bars, colours) {
    const { marker, ...rest } = this.traces[which];
    const fits = (text, bar) => text.length * LETTER + 14 <= bar.pixels;
    const line = {
      width: bars.map((bar) => (bar.pixels < TINY ? 2 : 1)),
      color: bars.map((bar) => (bar.pixels < TINY ? colours.stroke(bar.kind) : colours.card)),
    };
    const fills = bars.map((bar) => colours.fill(bar.kind));
    const look = marker.pattern
      ? { pattern: this.pattern(marker.pattern, bars, fills, colours) }
      : { color: fills };
    // weight and not <b>, for which Plotly would write a style attribute, which the content security policy forbids
    const insidetextfont = {
      color: bars.map((bar) => (ALARMING.includes(bar.kind) ? colours.alarm : colours.ink)),
      weight: bars.map((bar) => (ALARMING.includes(bar.kind) ? 650 : 400)),
    };
    return {
      ...rest,
      y: bars.map((bar) => bar.y),
      base: bars.map((bar) => bar.from),
      x: bars.map((bar) => bar.length),
      customdata: bars.map((bar) => bar.data),
      text: bars.map((bar) => escaped(forms(bar.data[0]).find((words) => fits(words, bar)) ?? "")),
      selectedpoints: this.lit && bars.flatMap((bar, i) => (this.lit(bar.data) ? [i] : [])),
      insidetextfont,
      marker: { ...marker, ...look, line },
    };
  }

  pattern(pattern, bars, bgcolor, colours) {
    const pick = (values) => bars.map((bar) => values[bar.index]);
    return {
      ...pattern,
      bgcolor,
      fgcolor: bars.map((bar) => colours.stroke(bar.kind)),
      shape: pick(pattern.shape),
      size: pick(pattern.size),
      solidity: pick(pattern.solidity),
    };
  }

  /** Where to draw vertical lines: at the boundaries in view, or where they are too many, at the labels. */
  lines(marks) {
    const inView = this.meta.knots.at.filter((at) => at >= this.view[0] && at <= this.view[1]);
    const at = this.meta.axis === "schematic" && inView.length <= 40 ? inView : [];
    return [...new Set([...at, ...marks.map((tick) => tick.at)])];
  }

  write(marks) {
    this.labels.replaceChildren(
      ...marks.map((tick) => {
        const label = element("text", { x: tick.pixel, y: 13, "text-anchor": tick.anchor, class: "tl" });
        label.textContent = tick.text;
        return label;
      }),
      ...this.frame(),
    );
  }

  /** The frame around what is picked, where it is in view. */
  frame() {
    if (!this.picked) return [];
    const [left, right] = this.picked.map((pfn) => this.pixel(toPosition(this.meta.knots, pfn)));
    if (right <= 0 || left >= this.width) return [];
    const tall = this.figure.layout.height - 24;
    return [element("rect", { class: "pick", x: left, y: 22, width: Math.max(3, right - left), height: tall })];
  }

  /** Tint the lanes that differ, where they do: the figure's fourth trace, five corners for each place and a gap. */
  tint() {
    const { x, y } = this.figure.data[3];
    const { height, margin, yaxis } = this.figure.layout;
    const lane = (height - margin.t) / yaxis.range[0];
    const found = [];
    for (let i = 0; i + 2 < x.length; i += 6) {
      const [left, right] = [this.pixel(x[i]), this.pixel(x[i + 1])];
      if (right <= 0 || left >= this.width) continue;
      const [top, bottom] = [margin.t + y[i] * lane, margin.t + y[i + 2] * lane];
      found.push(element("rect", { class: "apart", x: left, y: top, width: Math.max(3, right - left), height: bottom - top }));
    }
    this.bands.replaceChildren(...found);
  }

  /** The pixel of a position, that of the nearer end where it is out of sight. */
  pixel(at) {
    const [low, high] = this.view;
    return Math.min(this.width, Math.max(0, ((at - low) / (high - low)) * this.width));
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.live.on("plotly_hover", (event) => this.on.point(event.points[0].customdata));
    this.live.on("plotly_click", ({ points: [{ base, x, customdata }] }) => {
      this.on.choose(customdata, this.framesOf([Math.min(base, x), Math.max(base, x)]));
    });
    this.live.on("plotly_relayout", (event) => {
      if ("xaxis.range[0]" in event) {
        const range = [event["xaxis.range[0]"], event["xaxis.range[1]"]].sort((a, b) => a - b);
        this.go(scaled(range, 1, (range[0] + range[1]) / 2, this.whole, this.least), true);
      }
    });
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    const at = (share) => this.view[0] + share * (this.view[1] - this.view[0]);
    onTouch(this.plot, (factor, share) => this.zoom(factor, at(share)), (share) => this.pan(share));
  }

  /** Sideways moves; up and down zooms while the bars have the focus or Ctrl is held, else the page scrolls. */
  wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const ours = event.ctrlKey || this.plot.parentElement.matches(":focus, :focus-within");
    if (!sideways && !ours) return;
    event.preventDefault();
    if (sideways) {
      this.pan(event.deltaX / this.plot.clientWidth);
      return;
    }
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    this.zoom(1.0015 ** event.deltaY, this.view[0] + share * (this.view[1] - this.view[0]));
  }

  resized() {
    if (this.figure && this.plot.clientWidth !== this.width) this.draw();
  }
}
