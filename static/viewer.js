/* The bars of a layout: replaces the still drawing by live ones and ties them to table, log and address. The same script
   runs on a page with its server and in an exported file. Without it both are complete; they only cannot zoom. */

import { onReturn, openHistory, writeAddress, writeFragment } from "./address.js";
import { placeWords, surroundings } from "./axis.js";
import { Bars } from "./bars.js";
import { byId, closest, query } from "./dom.js";
import { wireFind } from "./find.js";
import { wireKeys } from "./keys.js";
import { Log } from "./log.js";
import { offerDeleting } from "./pastes.js";
import { closeMenus, offerCopy, offerForms } from "./share.js";
import { sourceOf } from "./source.js";
import { barOf, nameStop, neighbourOf, same } from "./stops.js";
import { markAxis, moveWindow, wireStrip } from "./strip.js";

/**
 * @import { Range } from "./axis.js"
 * @import { BarData, AxisName, Figure } from "./figure.js"
 * @import { Plotly } from "./bars.js"
 * @import { View } from "./address.js"
 * @import { Source } from "./source.js"
 */

/** @type {View} of a file, which has no address that says another */
const WHOLE = { axis: "schematic", from: null, to: null, sel: null, lanes: null };

class Viewer {
  /**
   * @param {HTMLElement} stage
   * @param {View} view
   * @param {Source} source
   * @param {Plotly} plotly
   * @param {Figure} figure of that view
   */
  constructor(stage, view, source, plotly, figure) {
    this.stage = stage;
    this.view = view;
    this.source = source;
    this.strip = query(stage, ".overview", HTMLElement);
    this.bars = new Bars(plotly, byId("plot"), figure, {
      view: (from, to, jump) => this.moved(from, to, jump),
      point: (data) => this.log.describe(data),
      choose: (data, frames) => this.choose(data, frames),
      refine: source.find && ((from, to) => this.refine(from, to)),
    });
    // a page of two logs has no lines of its own
    const lines = document.getElementById("lines") ?? document.createElement("ol");
    this.log = new Log(lines, byId("detail"), (line) => this.showLine(line));
  }

  /** @param {boolean} jump */
  remember(jump) {
    if (this.source.find) writeAddress(this.view, jump);
  }

  /**
   * @param {number | null} from
   * @param {number | null} to
   * @param {boolean} jump
   */
  moved(from, to, jump) {
    Object.assign(this.view, { from, to });
    moveWindow(this.strip, this.bars);
    this.remember(jump);
  }

  /**
   * Draw a figure where the view is.
   *
   * @param {Figure} figure
   */
  async show(figure) {
    await this.bars.show(figure, this.view.from, this.view.to);
    moveWindow(this.strip, this.bars);
  }

  /**
   * Frame page frames in every lane, and mark the row of the table that is about them.
   *
   * @param {Range | null} frames
   */
  pick(frames) {
    this.view.sel = frames;
    this.bars.pick(frames);
    for (const row of document.querySelectorAll(".holes .sel")) row.classList.remove("sel");
    const { holes } = this.bars.meta;
    const hole = frames ? holes.findIndex(([from, to]) => from <= frames[0] && frames[1] <= to) : -1;
    if (hole >= 0) document.getElementById(`hole-${hole}`)?.classList.add("sel");
    nameStop(this.bars.meta.stops, this.stop);
  }

  /**
   * Say what a bar is, light its lines in the log and pick it.
   *
   * @param {BarData} data
   * @param {Range} frames
   */
  choose(data, frames) {
    this.say(data);
    this.pick(data[3] === null ? frames : this.bars.meta.holes[data[3]]);
    this.remember(false);
  }

  /** @param {number} hole */
  showHole(hole) {
    const frames = this.bars.meta.holes[hole];
    if (frames) this.showFrames(frames);
  }

  /**
   * Pick page frames, zoom to them and say what they are.
   *
   * @param {Range} frames
   */
  showFrames(frames) {
    this.pick(frames);
    this.bars.zoomTo(frames);
    this.bars.light(null);
    this.tell(frames);
  }

  /**
   * Say what page frames are: of a hole its own bar, as bad as keys lead to, of others the lowest that has just these.
   *
   * @param {Range} frames
   */
  tell(frames) {
    const { bars } = this;
    const bar = barOf(bars, frames, this.holeOf(frames));
    this.say(bar?.data ?? ["", placeWords(frames, bars.meta.pageSize), [], null]);
  }

  /**
   * The index of the hole that has just these page frames, -1 where none has.
   *
   * @param {Range} frames
   */
  holeOf(frames) {
    return this.bars.meta.holes.findIndex((hole) => same(hole, frames));
  }

  /**
   * Put words above the bars and light their lines in the log.
   *
   * @param {BarData} data
   */
  say(data) {
    this.log.describe(data);
    this.log.light(data[2], true);
  }

  /**
   * The next or previous hole in the order of addresses.
   *
   * @param {1 | -1} by
   */
  stepHole(by) {
    const order = this.bars.meta.holes.map(([from], hole) => ({ from, hole })).sort((a, b) => a.from - b.from);
    if (!order.length) return;
    this.showHole(order[neighbourOf(order.findIndex(({ from }) => from === this.view.sel?.[0]), by, order.length)].hole);
  }

  /**
   * The next or previous range that a finding is about, worst first.
   *
   * @param {1 | -1} by
   */
  stepStop(by) {
    const { stops } = this.bars.meta;
    if (!stops.length) return;
    const [from, to, , , , about] = stops[neighbourOf(this.stop, by, stops.length)];
    this.showFrames([from, to]);
    if (about === null) return;
    const { meta } = this.bars;
    const [text, lines] = meta.about[about];
    this.say(["", `${placeWords([from, to], meta.pageSize)} · ${text}`, lines, null]);
  }

  /** The index of the stop that is picked, -1 where none is. */
  get stop() {
    const { sel } = this.view;
    return sel ? this.bars.meta.stops.findIndex(([from, to]) => same([from, to], sel)) : -1;
  }

  /**
   * @param {number} by bars
   * @param {number} down lanes
   */
  stepBar(by, down) {
    const bar = this.bars.step(by, down);
    if (bar) this.choose(bar.data, this.bars.framesOf(bar.ends));
  }

  /**
   * Light the bars of a line of the log and describe the lowest of them; that bar, or null where there is none.
   *
   * @param {number} line
   */
  lightLine(line) {
    this.log.light([line], false);
    const test = (/** @type {BarData} */ data) => data[2].includes(line);
    this.bars.light(test);
    const bar = this.bars.lowest(({ data }) => test(data));
    if (bar) this.log.describe(bar.data);
    return bar;
  }

  /**
   * Go from a line of the log to its bar, and say where it has none. Back returns to the log.
   *
   * @param {number} line
   */
  showLine(line) {
    const bar = this.lightLine(line);
    if (!bar) {
      this.log.say(`Line ${line} is not drawn.`);
      return;
    }
    if (this.source.find) writeFragment(`#L${line}`);
    const frames = this.bars.framesOf(bar.ends);
    this.pick(frames);
    if (!this.bars.reveal(frames)) this.remember(true);
    this.focus("nearest");
  }

  /** @param {ScrollLogicalPosition} block */
  focus(block) {
    this.stage.scrollIntoView({ block });
    this.stage.focus({ preventScroll: true });
  }

  /** @param {AxisName} axis */
  async switchAxis(axis) {
    this.view.axis = axis;
    markAxis(axis);
    await this.show(await this.source.figure(this.view));
    this.remember(true);
  }

  /**
   * What the reader has gone back to.
   *
   * @param {View} past
   */
  async restore(past) {
    const { axis } = this.view;
    Object.assign(this.view, past);
    markAxis(this.view.axis);
    const usable = axis === this.view.axis && !this.bars.meta.fine;
    const figure = usable ? this.bars.figure : await this.source.figure(this.view);
    this.pick(this.view.sel);
    if (this.view.sel) this.tell(this.view.sel);
    await this.show(figure);
  }

  /**
   * @param {number} from page frame
   * @param {number} to
   */
  async refine(from, to) {
    const { axis } = this.view;
    const figure = await this.source.figure({ ...this.view, from, to });
    if (axis === this.view.axis) await this.bars.refine(figure);
  }

  /**
   * Show what the find box leads to.
   *
   * @param {string} words
   * @param {NonNullable<Source["find"]>} find
   */
  async find(words, find) {
    const { start_pfn: from, end_pfn: to, near, label, what, lines } = await find(words);
    const { knots, axis } = this.bars.meta;
    this.bars.light(null);
    this.pick([from, to]);
    this.bars.zoomTo(surroundings(knots, axis, near));
    this.say([label, what, lines, null]);
    this.stage.focus({ preventScroll: true });
  }

  /** @returns {Record<string, () => void>} what each key does */
  get keys() {
    const { bars } = this;
    return {
      "+": () => bars.zoom(0.5),
      "=": () => bars.zoom(0.5),
      "-": () => bars.zoom(2),
      ArrowLeft: () => bars.pan(-0.2),
      ArrowRight: () => bars.pan(0.2),
      ArrowUp: () => this.stepBar(0, -1),
      ArrowDown: () => this.stepBar(0, 1),
      "<": () => this.stepBar(-1, 0),
      ">": () => this.stepBar(1, 0),
      0: () => {
        bars.light(null);
        this.pick(null);
        bars.all();
      },
      n: () => this.stepStop(1),
      p: () => this.stepStop(-1),
      N: () => this.stepHole(1),
      P: () => this.stepHole(-1),
      f: () => this.view.sel && bars.fit(this.view.sel),
    };
  }

  /**
   * Buttons of the bars, and links to axes, holes, page frames and lines anywhere on the page.
   *
   * @param {MouseEvent} event
   */
  clicked(event) {
    const target = closest(event, "[data-key], a[data-axis], a[data-hole], a[data-frames], a[data-line]");
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { key, axis, hole, line, frames } = target.dataset;
    if (line !== undefined) {
      if (this.log.has(Number(line))) this.lightLine(Number(line));
      return;
    }
    event.preventDefault();
    if (key !== undefined) this.keys[key]();
    else if (axis !== undefined) this.switchAxis(axis === "scale" ? "scale" : "schematic");
    else {
      if (frames === undefined) this.showHole(Number(hole));
      else this.showFrames(/** @type {Range} */ (frames.split("-").map(Number)));
      this.focus("center");
    }
  }

  wire() {
    const { find } = this.source;
    wireKeys(this.keys);
    document.addEventListener("click", (event) => this.clicked(event));
    wireStrip(this.strip, this.bars);
    if (find) {
      wireFind((words) => this.find(words, find));
      onReturn((view) => this.restore(view));
    }
    byId("zoom").hidden = false;
    const stops = document.getElementById("stops");
    if (stops) stops.hidden = false;
    byId("keys").hidden = false;
  }

  /** Show what is picked, and the line that the fragment of the address names. */
  begin() {
    const { sel } = this.view;
    if (sel) {
      this.pick(sel);
      // else the server has said more of it
      if (this.holeOf(sel) >= 0 || this.log.silent) this.tell(sel);
    }
    const line = Number(/^#L(\d+)$/.exec(window.location.hash)?.[1] ?? 0);
    if (line && this.log.has(line)) this.lightLine(line);
    if (this.source.find) openHistory(this.view);
  }
}

/** @param {HTMLElement} stage */
async function start(stage) {
  const source = sourceOf(stage);
  /** @type {View} what the server read in the address */
  const view = stage.dataset.view ? JSON.parse(stage.dataset.view) : { ...WHOLE };
  const [plotly, figure] = await Promise.all([source.plotly(), source.figure(view)]);
  const viewer = new Viewer(stage, view, source, plotly, figure);
  await viewer.show(figure);
  viewer.wire();
  viewer.begin();
  stage.dataset.live = "true";
}

offerCopy();
offerDeleting();
offerForms();
closeMenus();
const stage = document.getElementById("bars");
if (stage) start(stage);
