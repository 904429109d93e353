/* The interactive bars: Plotly draws, this module decides what is in view, which labels fit and what is lit. */

import { held, scaled, ticks, toPfn, toPosition } from "./axis.js";
import { onThemeChange, paints } from "./paint.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 6.6;
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
    this.bar = figure.data[0];
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

  /** Light the bars of these indices and dim the others; null lights all. */
  light(indices) {
    this.lit = indices;
    this.plotly.restyle(this.live, { selectedpoints: [indices] }, [0]);
  }

  /** Indices of the bars that a test picks by [label, detail, lines, hole]. */
  find(test) {
    return this.bar.customdata.flatMap((data, i) => (test(data) ? [i] : []));
  }

  draw() {
    const width = (this.width = this.plot.clientWidth);
    const scale = width / (this.view[1] - this.view[0]);
    const marks = ticks(this.meta, this.view, width);
    const look = this.look(scale);
    const layout = { ...this.figure.layout, width };
    layout.xaxis = { ...layout.xaxis, range: this.view, tickvals: this.lines(marks), gridcolor: look.line };
    layout.yaxis = { ...layout.yaxis, gridcolor: look.line };
    layout.font = { ...layout.font, color: look.ink };
    const frames = this.figure.data[1];
    const traces = [
      look.bar,
      { ...frames, line: { ...frames.line, color: look.alarm }, fillcolor: look.alarm + "10" },
    ];
    this.write(marks);
    return this.plotly.react(this.live, traces, layout, CONFIG);
  }

  /** The bar trace as it should look at `scale` pixels a unit: labels that fit, and a hair line for the smallest. */
  look(scale) {
    const colours = paints(this.meta.kinds);
    const { customdata, x } = this.bar;
    const tiny = x.map((length) => length * scale < 2.5);
    const fits = (text, i) => text.length * LETTER + 10 <= x[i] * scale;
    const text = customdata.map(([label], i) => {
      const chosen = fits(label, i) ? label : fits(short(label), i) ? short(label) : "";
      return escaped(chosen);
    });
    const marker = {
      ...this.bar.marker,
      color: colours.patterns, // with a pattern the colour of its lines, else of the bar
      line: {
        width: tiny.map((is) => (is ? 2 : 1)),
        color: tiny.map((is, i) => (is ? colours.patterns[i] : colours.card)),
      },
      pattern: { ...this.bar.marker.pattern, bgcolor: colours.fills },
    };
    // not <b>, for which Plotly would write a style attribute, which the content security policy forbids
    const insidetextfont = {
      color: customdata.map((_, i) => (this.alarming(i) ? colours.alarm : colours.ink)),
      weight: customdata.map((_, i) => (this.alarming(i) ? 650 : 400)),
    };
    return { ...colours, bar: { ...this.bar, text, insidetextfont, marker, selectedpoints: this.lit } };
  }

  /** Where to draw vertical lines: at the boundaries in view, or where they are too many, at the labels. */
  lines(marks) {
    const inView = this.meta.knots.at.filter((at) => at >= this.view[0] && at <= this.view[1]);
    const at = this.meta.axis === "schematic" && inView.length <= 100 ? inView : [];
    return [...new Set([...at, ...marks.map((tick) => tick.at)])];
  }

  alarming(i) {
    return ["danger", "uninitialised"].includes(this.meta.kinds[i]);
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
