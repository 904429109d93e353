/* The interactive bars: Plotly draws, this module decides what is in view, which labels fit and what is lit. */

import { held, scaled, ticks, toPfn, toPosition } from "./axis.js";
import { onThemeChange, paints } from "./paint.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 6.6;
const ALARMING = ["danger", "uninitialised"];
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, scrollZoom: false };

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const short = (label) => label.split(" (")[0].split(" · ")[0];

export class Bars {
  /** `plot` is the element around the still drawing; `on` has view(from, to), point(bar) and choose(bar). */
  constructor(plotly, plot, on) {
    this.plotly = plotly;
    this.plot = plot;
    this.on = on;
    this.still = plot.querySelector(".drawing");
    this.live = plot.appendChild(Object.assign(document.createElement("div"), { className: "live" }));
    this.labels = plot.appendChild(document.createElementNS(SVG, "svg"));
    this.labels.setAttribute("class", "labels");
    this.labels.setAttribute("aria-hidden", "true");
    this.lit = null;
    onThemeChange(() => this.draw());
    new ResizeObserver(() => this.resized()).observe(plot);
  }

  /** Draw a figure, showing page frames [from, to) or, where they are null, everything. */
  async show(figure, from, to) {
    this.figure = figure;
    this.meta = figure.layout.meta;
    this.traces = figure.data.slice(0, 2);
    this.whole = [...figure.layout.xaxis.range];
    this.view = from === null ? [...this.whole] : this.around(from, to, 0);
    await this.draw();
    this.listen();
    this.still.classList.add("covered");
  }

  get domain() {
    return [toPfn(this.meta.knots, this.whole[0]), toPfn(this.meta.knots, this.whole[1])];
  }

  /** Page frames in view, or nulls when everything is. */
  get shown() {
    const all = this.view[0] <= this.whole[0] && this.view[1] >= this.whole[1];
    return all ? [null, null] : this.view.map((at) => Math.round(toPfn(this.meta.knots, at)));
  }

  /** The view that holds page frames [from, to) with `room` times their width on both sides. */
  around(from, to, room) {
    const [left, right] = [toPosition(this.meta.knots, from), toPosition(this.meta.knots, to)];
    const width = Math.max(right - left, this.least);
    return held([left - room * width, left + (1 + room) * width], this.whole);
  }

  get least() {
    return this.meta.axis === "scale" ? 4 : 1e-6;
  }

  go(view) {
    this.view = view;
    this.on.view(...this.shown);
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
    this.go([...this.whole]);
  }

  zoomTo(from, to) {
    this.go(this.around(from, to, 1.2));
  }

  /** Light the bars that a test picks by [label, detail, lines, hole] and dim the others; null lights all. */
  light(test) {
    const picked = test && this.traces.map(({ customdata }) => customdata.flatMap((data, i) => (test(data) ? [i] : [])));
    this.lit = picked?.some((indices) => indices.length) ? picked : null;
    this.plotly.restyle(this.live, { selectedpoints: this.lit ?? [null, null] }, [0, 1]);
  }

  /** What the lowest bar that a test picks says of itself, or null. */
  lowest(test) {
    const bars = this.traces.flatMap(({ customdata, y }) => customdata.map((data, i) => [y[i], data]));
    return bars.filter(([, data]) => test(data)).reduce((a, b) => (a && a[0] > b[0] ? a : b), null)?.[1] ?? null;
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
    const traces = [...this.traces.map((_, which) => this.look(which, width, colours)), dashes];
    return this.plotly.react(this.live, traces, layout, CONFIG);
  }

  /** A bar trace as it should look: clipped to the view, with the labels that fit and a line for the smallest. */
  look(which, width, colours) {
    const { base, x, customdata, marker, ...rest } = this.traces[which];
    const kinds = this.meta.kinds[which];
    const [low, high] = this.view;
    const room = (high - low) / 50; // the cut edge stays out of sight, the label in the middle of what is seen
    const from = base.map((at) => Math.max(at, low - room));
    const length = base.map((at, i) => Math.max(0, Math.min(at + x[i], high + room) - from[i]));
    const pixels = length.map((units) => (units * width) / (high - low));
    const fits = (text, i) => text.length * LETTER + 14 <= pixels[i];
    const text = customdata.map(([label], i) => escaped([label, short(label)].find((words) => fits(words, i)) ?? ""));
    const fills = kinds.map(colours.fill);
    const strokes = kinds.map(colours.stroke);
    const tiny = pixels.map((wide) => wide < 2.5);
    const line = {
      width: tiny.map((is) => (is ? 2 : 1)),
      color: tiny.map((is, i) => (is ? strokes[i] : colours.card)),
    };
    const look = marker.pattern
      ? { pattern: { ...marker.pattern, bgcolor: fills, fgcolor: strokes } }
      : { color: fills };
    // weight and not <b>, for which Plotly would write a style attribute, which the content security policy forbids
    const insidetextfont = {
      color: kinds.map((kind) => (ALARMING.includes(kind) ? colours.alarm : colours.ink)),
      weight: kinds.map((kind) => (ALARMING.includes(kind) ? 650 : 400)),
    };
    const selectedpoints = this.lit?.[which] ?? null;
    return { ...rest, customdata, base: from, x: length, text, insidetextfont, selectedpoints, marker: { ...marker, ...look, line } };
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
        const label = document.createElementNS(SVG, "text");
        label.setAttribute("x", tick.pixel);
        label.setAttribute("y", 13);
        label.setAttribute("text-anchor", tick.anchor);
        label.setAttribute("class", "tl");
        label.textContent = tick.text;
        return label;
      }),
    );
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.live.on("plotly_hover", (event) => this.on.point(event.points[0].customdata));
    this.live.on("plotly_click", (event) => this.on.choose(event.points[0].customdata));
    this.live.on("plotly_relayout", (event) => {
      if ("xaxis.range[0]" in event) {
        const range = [event["xaxis.range[0]"], event["xaxis.range[1]"]].sort((a, b) => a - b);
        this.go(scaled(range, 1, (range[0] + range[1]) / 2, this.whole, this.least));
      }
    });
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
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
