/* The bars of a page that is one file: figures and library are in it, nothing is fetched and no address is written. */

import { Bars } from "./bars.js";
import { Log } from "./log.js";
import { markAxis, moveWindow, wireStrip } from "./overview.js";

const stage = document.getElementById("bars");
const strip = stage.querySelector(".overview");
const detail = document.getElementById("detail");
const figures = JSON.parse(document.getElementById("figures").textContent);
let bars = null;
let log = null;
let chosen = null;

const tell = (data) => log.tell(detail, data);
const follow = () => moveWindow(strip, bars);

function mark(hole) {
  chosen = hole;
  bars.pick(bars.meta.holes[hole] ?? null);
  for (const row of document.querySelectorAll("tbody.sel")) row.classList.remove("sel");
  document.getElementById(`hole-${hole}`)?.classList.add("sel");
}

function showHole(hole) {
  mark(hole);
  bars.zoomTo(...bars.meta.holes[hole]);
  const found = bars.lowest((other) => other[3] === hole);
  if (found) tellBoth(found.data);
}

/** Say what a bar is, and light its lines in the log. */
function tellBoth(data) {
  tell(data);
  log.light(data[2], true);
}

function choose(data, frames) {
  tellBoth(data);
  if (data[3] !== null) mark(data[3]);
  else bars.pick(frames);
}

function stepBar(by, down) {
  const found = bars.step(by, down);
  if (found) choose(found.data, found.frames);
}

function showLine(line) {
  log.light([line], false);
  const own = (data) => data[2].includes(line);
  bars.light(own);
  const found = bars.lowest(own);
  if (!found) {
    detail.textContent = `No bar comes of line ${line}.`;
    return;
  }
  tell(found.data);
  bars.pick(found.frames);
  bars.reveal(found.frames);
  stage.scrollIntoView({ block: "nearest" });
  stage.focus({ preventScroll: true });
}

/** The next or previous hole in the order of addresses. */
function step(by) {
  const order = bars.meta.holes.map((frames, i) => [frames[0], i]).sort((a, b) => a[0] - b[0]);
  if (!order.length) return;
  const at = order.findIndex(([, i]) => i === chosen);
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  showHole(order[next][1]);
}

async function switchAxis(axis) {
  markAxis(axis);
  await bars.show(figures[axis], ...bars.shown);
  follow();
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
    bars.pick(null);
    bars.all();
  },
  n: () => step(1),
  p: () => step(-1),
};

function wire() {
  document.addEventListener("keydown", (event) => {
    const arrows = event.key.startsWith("Arrow") && !event.target.closest("#bars");
    if (arrows || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-key], a[data-axis], a[data-hole], a[data-line]");
    if (!target) return;
    const { key, axis, hole, line } = target.dataset;
    if (line !== undefined) {
      showLine(Number(line));
      return;
    }
    event.preventDefault();
    if (key !== undefined) KEYS[key]();
    else if (axis !== undefined) switchAxis(axis);
    else {
      showHole(Number(hole));
      stage.scrollIntoView({ block: "center" });
    }
  });
  wireStrip(strip, bars);
  document.getElementById("zoom").hidden = false;
  document.getElementById("keys").hidden = false;
}

async function start() {
  bars = new Bars(window.Plotly, document.getElementById("plot"), { view: follow, point: tell, choose });
  log = new Log(document.getElementById("lines") ?? document.createElement("ol"), showLine);
  await bars.show(figures.schematic, null, null);
  follow();
  wire();
  stage.dataset.live = "true";
}

start();
