/* The interactive bars: Plotly draws, this module decides what is in view and what is lit. */

import { around, inside, narrowest, scaled, toPfn, toPosition } from "./axis.js";
import { lowest, neighbour, uppermost } from "./figure.js";
import { labelsAndFrame, layer, tints } from "./overlay.js";
import { onThemeChange, paints } from "./paint.js";
import { wireRule } from "./rule.js";
import { labels } from "./ticks.js";
import { onTouch } from "./touch.js";
import { TINY, traces } from "./traces.js";

/**
 * @import { Range } from "./axis.js"
 * @import { Bar, BarData, Figure } from "./figure.js"
 * @import { Label } from "./ticks.js"
 *
 * @typedef {{react: (element: HTMLElement, traces: object[], layout: object, config: object) => Promise<unknown>}} Plotly
 *
 * @typedef {object} PlotlyPoint
 * @property {number} base
 * @property {number} x
 * @property {BarData} customdata
 *
 * @typedef {HTMLElement & {on?: (name: string, listener: (event: any) => void) => void}} PlotlyElement
 *
 * @typedef {object} Listeners
 * @property {(from: number | null, to: number | null, jump: boolean) => void} view page frames in view, null for all;
 *     a jump is what the reader may want to come back from
 * @property {(data: BarData) => void} point a bar is pointed at
 * @property {(data: BarData, frames: Range) => void} choose a bar is clicked
 * @property {((from: number, to: number) => void) | null} refine the view rests, and finer bars can be had
 */

const SETTLED = 120; // milliseconds without a move
const AROUND = 1.2; // widths of what is zoomed to that are shown on both sides of it
const BESIDE_FIT = 0.03; // widths beside what fills the view
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, scrollZoom: false };

export class Bars {
  /**
   * @param {Plotly} plotly
   * @param {HTMLElement} plot the element around the still drawing
   * @param {Figure} figure
   * @param {Listeners} on
   */
  constructor(plotly, plot, figure, on) {
    this.plotly = plotly;
    this.plot = plot;
    this.figure = figure;
    this.on = on;
    this.view = this.whole;
    this.width = 0;
    // the library draws lines and areas above bars; what tints the lanes that differ has to lie below them
    this.bands = plot.appendChild(layer("bands"));
    /** @type {PlotlyElement} */
    this.live = plot.appendChild(Object.assign(document.createElement("div"), { className: "live" }));
    this.labels = plot.appendChild(layer("labels"));
    /** @type {((data: BarData) => boolean) | null} */
    this.lit = null;
    /** @type {Range | null} page frames */
    this.picked = null;
    /** @type {Bar | null} */
    this.current = null;
    this.settling = 0;
    this.frame = 0;
    this.listening = false;
    this.nameAtPointer = () => {};
    onThemeChange(() => this.draw());
    new ResizeObserver(() => this.resized()).observe(plot);
  }

  get meta() {
    return this.figure.layout.meta;
  }

  /** All of the axis. */
  get whole() {
    return this.figure.layout.xaxis.range;
  }

  /**
   * Draw a figure, showing page frames [from, to) or, where they are null, everything.
   *
   * @param {Figure} figure
   * @param {number | null} from
   * @param {number | null} to
   */
  async show(figure, from, to) {
    this.figure = figure;
    const { pfn } = this.meta.knots;
    const some = from !== null && to !== null && from < pfn[pfn.length - 1] && to > pfn[0];
    this.view = some ? this.around([from, to], 0) : this.whole;
    await this.draw();
    this.listen();
    this.plot.querySelector(".drawing")?.classList.add("covered");
    this.settle();
  }

  /**
   * Take the bars of a figure that is finer where the reader looks; the view stays.
   *
   * @param {Figure} figure
   */
  refine(figure) {
    this.figure = figure;
    return this.draw();
  }

  /** Once the view rests, ask for finer bars where it shows joined ones. */
  settle() {
    window.clearTimeout(this.settling);
    const { fine } = this.meta;
    const { refine } = this.on;
    if (!fine || !refine) return;
    const width = this.view[1] - this.view[0];
    const slack = width * 1e-6;
    const covered = this.view[0] >= fine[0] - slack && this.view[1] <= fine[1] + slack;
    if (covered && width > 0.4 * (fine[1] - fine[0])) return;
    this.settling = window.setTimeout(() => refine(...this.exact), SETTLED);
  }

  /**
   * Frame page frames [from, to) through all lanes; null for nothing.
   *
   * @param {Range | null} frames
   */
  pick(frames) {
    this.picked = frames;
    this.write(this.fittingLabels());
  }

  /** @returns {[number, number] | [null, null]} page frames in view, or nulls when everything is */
  get shown() {
    const all = this.view[0] <= this.whole[0] && this.view[1] >= this.whole[1];
    return all ? [null, null] : this.exact;
  }

  /** Page frames in view, with their fractions. */
  get exact() {
    return /** @type {Range} */ (this.view.map((at) => toPfn(this.meta.knots, at)));
  }

  /**
   * @param {Range} frames
   * @param {number} room
   */
  around(frames, room) {
    return around(this.meta.knots, this.meta.axis, frames, room);
  }

  /** The narrowest view here. */
  get least() {
    const { knots, axis } = this.meta;
    return narrowest(knots, axis, toPfn(knots, (this.view[0] + this.view[1]) / 2));
  }

  /**
   * Move the view, as wide as it is, to this page frame.
   *
   * @param {number} pfn
   * @param {boolean} jump
   */
  centre(pfn, jump) {
    const half = (this.view[1] - this.view[0]) / 2;
    const at = toPosition(this.meta.knots, pfn);
    this.go(inside([at - half, at + half], this.whole), jump);
  }

  /**
   * Show this part of the axis; a jump is what the reader may want to come back from.
   *
   * @param {Range} view
   */
  go(view, jump = false) {
    this.view = view;
    const [from, to] = this.shown;
    this.on.view(from, to, jump);
    this.settle();
    this.frame ||= window.requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** @param {number} factor */
  zoom(factor, centre = (this.view[0] + this.view[1]) / 2) {
    this.go(scaled(this.view, factor, centre, this.whole, this.least));
  }

  /** @param {number} share of the view */
  pan(share) {
    const by = (this.view[1] - this.view[0]) * share;
    this.go(inside([this.view[0] + by, this.view[1] + by], this.whole));
  }

  all() {
    this.go(this.whole, true);
  }

  /** @param {Range} frames */
  zoomTo(frames) {
    this.go(this.around(frames, AROUND), true);
  }

  /**
   * Show page frames as wide as the drawing is.
   *
   * @param {Range} frames
   */
  fit(frames) {
    this.go(this.around(frames, BESIDE_FIT), true);
  }

  /**
   * Step to the bar `by` bars and `down` lanes from the one stepped on last, or to the first in view.
   *
   * @param {number} by
   * @param {number} down
   */
  step(by, down) {
    this.current = neighbour(this.figure, this.current, this.view[0], by, down);
    return this.current;
  }

  /**
   * Light the bars that a test picks by their data and dim the others; null, or a test that picks none, lights all.
   *
   * @param {((data: BarData) => boolean) | null} test
   */
  light(test) {
    this.lit = test && this.lowest(({ data }) => test(data)) ? test : null;
    this.draw();
  }

  /**
   * The lowest bar that a test picks; null where there is none.
   *
   * @param {(bar: Bar) => boolean} test
   */
  lowest(test) {
    return lowest(this.figure, test);
  }

  /**
   * The uppermost bar that a test picks; null where there is none.
   *
   * @param {(bar: Bar) => boolean} test
   */
  uppermost(test) {
    return uppermost(this.figure, test);
  }

  /**
   * The page frames of two positions.
   *
   * @param {Range} ends
   */
  framesOf(ends) {
    return /** @type {Range} */ (ends.map((at) => Math.round(toPfn(this.meta.knots, at))));
  }

  /**
   * Bring page frames into view where they are not, or too narrow to be seen; whether the view has changed.
   *
   * @param {Range} frames
   */
  reveal(frames) {
    const [left, right] = frames.map((pfn) => toPosition(this.meta.knots, pfn));
    const [low, high] = this.view;
    const seen = right > low && left < high && ((right - left) / (high - low)) * this.width > 2 * TINY;
    if (!seen) this.zoomTo(frames);
    return !seen;
  }

  draw() {
    const width = (this.width = this.plot.clientWidth);
    const fitting = this.fittingLabels();
    const colours = paints();
    const { layout } = this.figure;
    const xaxis = { ...layout.xaxis, range: [...this.view], tickvals: this.lines(fitting), gridcolor: colours.line };
    const yaxis = { ...layout.yaxis, gridcolor: colours.line };
    this.write(fitting);
    this.nameAtPointer();
    this.bands.replaceChildren(...tints(this.figure, this.view, width));
    const drawn = traces(this.figure, this.view, width, colours, this.lit);
    return this.plotly.react(this.live, drawn, { ...layout, width, xaxis, yaxis }, CONFIG);
  }

  /** The labels of the axis that the drawing has room for. */
  fittingLabels() {
    return labels(this.meta, this.view).filter((label) => label.width <= this.width);
  }

  /**
   * Where to draw vertical lines: at the boundaries in view, or where they are too many, at the labels.
   *
   * @param {Label[]} fitting
   */
  lines(fitting) {
    const inView = this.meta.knots.at.filter((at) => at >= this.view[0] && at <= this.view[1]);
    const at = this.meta.axis === "schematic" && inView.length <= 40 ? inView : [];
    return [...new Set([...at, ...fitting.map((label) => label.at)])];
  }

  /** @param {Label[]} fitting */
  write(fitting) {
    this.labels.replaceChildren(...labelsAndFrame(this.figure, fitting, this.picked, this.view, this.width));
  }

  listen() {
    const { live } = this;
    if (this.listening || !live.on) return;
    this.listening = true;
    live.on("plotly_hover", (/** @type {{points: PlotlyPoint[]}} */ event) => this.on.point(event.points[0].customdata));
    live.on("plotly_click", (/** @type {{points: PlotlyPoint[]}} */ { points: [{ base, x, customdata }] }) => {
      this.on.choose(customdata, this.framesOf([Math.min(base, x), Math.max(base, x)]));
    });
    live.on("plotly_relayout", (/** @type {Record<string, number>} */ event) => {
      if ("xaxis.range[0]" in event) {
        const [low, high] = [event["xaxis.range[0]"], event["xaxis.range[1]"]].sort((a, b) => a - b);
        this.go(scaled([low, high], 1, (low + high) / 2, this.whole, this.least), true);
      }
    });
    const stage = this.plot.parentElement;
    this.plot.addEventListener("pointerdown", () => stage?.focus({ preventScroll: true }), { capture: true });
    const pfnAt = (/** @type {number} */ share) => toPfn(this.meta.knots, this.at(share));
    this.nameAtPointer = wireRule(this.plot, pfnAt, () => this.meta.pageSize);
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    onTouch(this.plot, (factor, share) => this.zoom(factor, this.at(share)), (share) => this.pan(share));
  }

  /**
   * The position at this part of the view.
   *
   * @param {number} share 0..1
   */
  at(share) {
    return this.view[0] + share * (this.view[1] - this.view[0]);
  }

  /**
   * Sideways moves; up and down zooms while the bars have the focus or Ctrl is held, else the page scrolls.
   *
   * @param {WheelEvent} event
   */
  wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const focused = event.ctrlKey || this.plot.parentElement?.matches(":focus, :focus-within");
    if (!sideways && !focused) return;
    event.preventDefault();
    if (sideways) {
      this.pan(event.deltaX / this.plot.clientWidth);
      return;
    }
    const { left, width } = this.plot.getBoundingClientRect();
    this.zoom(1.0015 ** event.deltaY, this.at((event.clientX - left) / width));
  }

  resized() {
    if (this.plot.clientWidth !== this.width) this.draw();
  }
}
