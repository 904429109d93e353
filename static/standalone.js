/* The bars of a page that is one file: figures and library are in it, nothing is fetched and no address is written. */

import { toPfn } from "./axis.js";
import { Bars } from "./bars.js";

const stage = document.getElementById("bars");
const figures = JSON.parse(document.getElementById("figures").textContent);
let bars = null;
let chosen = null;

/** Say what a bar is, with the numbers of its lines. */
function tell([label, words, lines]) {
  const rest = words.startsWith(label) ? words.slice(label.length) : ` · ${words}`;
  const told = lines.length ? ` · line${lines.length > 1 ? "s" : ""} ${lines.slice(0, 6).join(", ")}` : "";
  const name = Object.assign(document.createElement("b"), { textContent: label });
  document.getElementById("detail").replaceChildren(name, rest + told);
}

function moveWindow() {
  const [low, high] = bars.meta.scale;
  const share = (at) => Math.min(1, Math.max(0, (toPfn(bars.meta.knots, at) - low) / (high - low)));
  const [from, to] = bars.view.map(share);
  const width = Math.max(to - from, 0.002);
  const frame = stage.querySelector(".overview .window");
  frame.setAttribute("x", `${Math.min(from, 1 - width) * 100}%`);
  frame.setAttribute("width", `${width * 100}%`);
}

function mark(hole) {
  chosen = hole;
  for (const row of document.querySelectorAll("tbody.sel")) row.classList.remove("sel");
  document.getElementById(`hole-${hole}`)?.classList.add("sel");
}

function showHole(hole) {
  mark(hole);
  bars.zoomTo(...bars.meta.holes[hole]);
  const data = bars.lowest((other) => other[3] === hole);
  if (data) tell(data);
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
  for (const link of document.querySelectorAll("a[data-axis]")) {
    if (link.dataset.axis === axis) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  await bars.show(figures[axis], ...bars.shown);
  moveWindow();
}

const KEYS = {
  "+": () => bars.zoom(0.5),
  "=": () => bars.zoom(0.5),
  "-": () => bars.zoom(2),
  ArrowLeft: () => bars.pan(-0.2),
  ArrowRight: () => bars.pan(0.2),
  0: () => bars.all(),
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
    const target = event.target.closest("[data-key], a[data-axis], a[data-hole]");
    if (!target) return;
    event.preventDefault();
    const { key, axis, hole } = target.dataset;
    if (key !== undefined) KEYS[key]();
    else if (axis !== undefined) switchAxis(axis);
    else {
      showHole(Number(hole));
      stage.scrollIntoView({ block: "center" });
    }
  });
  const strip = stage.querySelector(".overview");
  strip.classList.add("active");
  strip.addEventListener("click", (event) => {
    const box = strip.getBoundingClientRect();
    const [low, high] = bars.meta.scale;
    bars.centre(low + ((event.clientX - box.left) / box.width) * (high - low));
  });
  document.getElementById("zoom").hidden = false;
  document.getElementById("keys").hidden = false;
}

async function start() {
  const choose = (data) => {
    tell(data);
    if (data[3] !== null) mark(data[3]);
  };
  bars = new Bars(window.Plotly, document.getElementById("plot"), { view: moveWindow, point: tell, choose });
  await bars.show(figures.schematic, null, null);
  moveWindow();
  wire();
  stage.dataset.live = "true";
}

start();
