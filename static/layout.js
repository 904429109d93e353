/* The layout page: fetches the figure, replaces the still drawing by live bars and ties them to table and log.
   Without this module the page is complete; it only cannot zoom. */

import { Bars } from "./bars.js";
import { wireFind } from "./find.js";
import { wireKeys } from "./keys.js";
import { Log } from "./log.js";
import { markAxis, moveWindow, wireStrip } from "./overview.js";
import { closeMenus, offerCopy, offerForms, showDeleteToken } from "./share.js";
import * as state from "./state.js";

const stage = document.getElementById("bars");
const strip = stage?.querySelector(".overview");
const detail = document.getElementById("detail");
const view = stage && state.read(stage);
let bars = null;
let log = null;

function load(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`cannot load ${url}`));
    document.head.append(script);
  });
}

/** What the server says of this layout under a name, asked with the page's own question and more. */
async function ask(name, more) {
  const query = new URLSearchParams(stage.dataset.query);
  for (const [key, value] of Object.entries(more)) if (value !== null) query.set(key, value);
  const answer = await fetch(`${stage.dataset.path}/${name}.json?${query}`);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? `no ${name}: ${answer.status}`);
  return told;
}

const hex = (pfn) => (pfn === null ? null : "0x" + Math.floor(pfn).toString(16));
const figure = (axis, from, to) =>
  ask("figure", { axis, from: hex(from), to: hex(to && to + 1), lanes: view.lanes });

const tell = (data) => log.tell(detail, data);
const follow = () => moveWindow(strip, bars);

function viewed(from, to, jump) {
  Object.assign(view, { from, to });
  follow();
  state.write(view, jump);
}

/** Frame page frames in every lane, and mark the row of the table that is about them. */
function pick(frames) {
  view.sel = frames;
  bars.pick(frames);
  for (const row of document.querySelectorAll("tbody.sel")) row.classList.remove("sel");
  const hole = frames ? bars.meta.holes.findIndex(([from, to]) => from <= frames[0] && frames[1] <= to) : -1;
  if (hole >= 0) document.getElementById(`hole-${hole}`)?.classList.add("sel");
}

function choose(data, frames) {
  tell(data);
  log.light(data[2], true);
  pick(data[3] === null ? frames : bars.meta.holes[data[3]]);
  state.write(view, false);
}

function showHole(hole, zoom = true) {
  const frames = bars.meta.holes[hole];
  if (!frames) return;
  pick(frames);
  if (zoom) bars.zoomTo(...frames);
  bars.light(null);
  const found = bars.lowest((other) => other[3] === hole);
  if (found) {
    tell(found.data);
    log.light(found.data[2], true);
  }
}

/** The next or previous hole in the order of addresses. */
function step(by) {
  const order = bars.meta.holes.map((frames, i) => [frames[0], i]).sort((a, b) => a[0] - b[0]);
  if (!order.length) return;
  const at = order.findIndex(([from]) => from === view.sel?.[0]);
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  showHole(order[next][1]);
}

function stepBar(by, down) {
  const found = bars.step(by, down);
  if (found) choose(found.data, found.frames);
}

/** Light the bars of a line of the log, and tell the lowest of them; that bar, or null where there is none. */
function lightLine(line) {
  log.light([line], false);
  const own = (data) => data[2].includes(line);
  bars.light(own);
  const found = bars.lowest(own);
  if (found) tell(found.data);
  return found;
}

/** Go from a line of the log to its bar, and say where it has none. Back returns to the log. */
function showLine(line) {
  const found = lightLine(line);
  if (!found) {
    detail.textContent = `No bar comes of line ${line}.`;
    return;
  }
  state.leave(`#L${line}`);
  pick(found.frames);
  if (!bars.reveal(found.frames)) state.write(view, true);
  stage.scrollIntoView({ block: "nearest" });
  stage.focus({ preventScroll: true });
}

async function switchAxis(axis) {
  view.axis = axis;
  markAxis(axis);
  await bars.show(await figure(axis, view.from, view.to), view.from, view.to);
  follow();
  state.write(view, true);
}

/** What the reader came back to. */
async function restore(past) {
  const axis = view.axis;
  Object.assign(view, past);
  markAxis(view.axis);
  const next = axis === view.axis && !bars.meta.fine ? bars.figure : await figure(view.axis, view.from, view.to);
  pick(view.sel);
  await bars.show(next, view.from, view.to);
  follow();
}

async function refine(from, to) {
  const { axis } = view;
  const finer = await figure(axis, from, to);
  if (axis === view.axis) await bars.refine(finer);
}

/** Show what was looked for. */
async function find(words) {
  const found = await ask("find", { find: words });
  const { start_pfn: from, end_pfn: to, near } = found;
  bars.light(null);
  pick([from, to]);
  // one frame is nothing to look at alone
  const single = near[1] - near[0] === 1;
  if (single && bars.meta.axis === "scale") bars.zoomTo(near[0] - 256, near[1] + 256);
  else bars.zoomTo(...(single ? bars.interval(near[0]) : near));
  tell([found.label, found.what, found.lines]);
  log.light(found.lines, true);
  stage.focus({ preventScroll: true });
}

const KEYS = {
  "+": () => bars.zoom(0.5),
  "=": () => bars.zoom(0.5),
  "-": () => bars.zoom(2),
  ArrowLeft: () => bars.pan(-0.2),
  ArrowRight: () => bars.pan(0.2),
  ArrowUp: () => stepBar(0, -1),
  ArrowDown: () => stepBar(0, 1),
  "<": () => stepBar(-1, 0),
  ">": () => stepBar(1, 0),
  0: () => {
    bars.light(null);
    pick(null);
    bars.all();
  },
  n: () => step(1),
  p: () => step(-1),
};

function wire() {
  wireKeys(KEYS);
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-key], a[data-axis], a[data-hole], a[data-line]");
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { key, axis, hole, line } = target.dataset;
    if (line !== undefined) {
      if (log.has(line)) lightLine(Number(line));
      return;
    }
    event.preventDefault();
    if (key !== undefined) KEYS[key]();
    else if (axis !== undefined) switchAxis(axis);
    else {
      showHole(Number(hole));
      stage.scrollIntoView({ block: "center" });
      stage.focus({ preventScroll: true });
    }
  });
  wireStrip(strip, bars);
  wireFind(find);
  state.onReturn(restore);
  document.getElementById("zoom").hidden = false;
  document.getElementById("keys").hidden = false;
}

async function start() {
  const [plotly, first] = await Promise.all([load(stage.dataset.plotly), figure(view.axis, view.from, view.to)]);
  bars = new Bars(plotly, document.getElementById("plot"), { view: viewed, point: tell, choose, refine });
  // a page of two logs has no lines of its own
  log = new Log(document.getElementById("lines") ?? document.createElement("ol"), showLine);
  await bars.show(first, view.from, view.to);
  follow();
  wire();
  if (view.sel) {
    const hole = bars.meta.holes.findIndex(([from, to]) => from === view.sel[0] && to === view.sel[1]);
    if (hole >= 0) showHole(hole, false);
    else pick(view.sel);
  }
  const line = /^#L(\d+)$/.exec(window.location.hash)?.[1];
  if (line && log.has(line)) lightLine(Number(line));
  state.begin(view);
  stage.dataset.live = "true";
}

offerCopy(document.getElementById("copy"));
offerForms();
showDeleteToken();
closeMenus();
if (stage) start();
