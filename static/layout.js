/* The layout page: fetches the figure, replaces the still drawing by live bars and ties them to table and log.
   Without this module the page is complete; it only cannot zoom. */

import { toPfn } from "./axis.js";
import { Bars } from "./bars.js";
import { Log } from "./log.js";
import { closeMenus, offerCopy, showDeleteToken } from "./share.js";
import * as state from "./state.js";

const stage = document.getElementById("bars");
const detail = document.getElementById("detail");
const view = state.read(window.location.search);
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

async function figure(axis) {
  const query = new URLSearchParams(stage.dataset.query);
  query.set("axis", axis);
  const answer = await fetch(`${stage.dataset.figure}?${query}`);
  if (!answer.ok) throw new Error(`no figure: ${answer.status}`);
  return answer.json();
}

/** Say what a bar is; its source lines are links. */
function tell([label, words, lines]) {
  const rest = words.startsWith(label) ? words.slice(label.length) : ` · ${words}`;
  const parts = [Object.assign(document.createElement("b"), { textContent: label }), rest];
  if (lines.length) parts.push(lines.length > 1 ? " · lines " : " · line ");
  lines.slice(0, 6).forEach((line, i) => {
    const link = Object.assign(document.createElement("a"), { href: `#L${line}`, textContent: line });
    link.dataset.line = line;
    parts.push(i ? ", " : "", link);
  });
  detail.replaceChildren(...parts);
}

function moveWindow() {
  const window_ = stage.querySelector(".overview .window");
  const [low, high] = bars.meta.scale;
  const [from, to] = bars.view.map((at) => toPfn(bars.meta.knots, at));
  const share = (pfn) => Math.min(1, Math.max(0, (pfn - low) / (high - low)));
  const width = Math.max(share(to) - share(from), 0.002);
  window_.setAttribute("x", `${Math.min(share(from), 1 - width) * 100}%`);
  window_.setAttribute("width", `${width * 100}%`);
}

function viewed(from, to) {
  Object.assign(view, { from, to });
  moveWindow();
  state.write(view);
}

function choose(data) {
  tell(data);
  log.light(data[2], true);
  if (data[3] !== null) markRow(data[3]);
}

function markRow(hole) {
  view.hole = hole;
  for (const row of document.querySelectorAll("tbody.sel")) row.classList.remove("sel");
  document.getElementById(`hole-${hole}`)?.classList.add("sel");
  state.write(view);
}

function showHole(hole, zoom = true) {
  const frames = bars.meta.holes[hole];
  if (!frames) return;
  markRow(hole);
  if (zoom) bars.zoomTo(...frames);
  bars.light(null);
  const data = bars.lowest((other) => other[3] === hole);
  if (data) {
    tell(data);
    log.light(data[2], true);
  }
}

/** The next or previous hole in the order of addresses. */
function step(by) {
  const order = bars.meta.holes.map((frames, i) => [frames[0], i]).sort((a, b) => a[0] - b[0]);
  if (!order.length) return;
  const at = order.findIndex(([, i]) => i === view.hole);
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  showHole(order[next][1]);
}

function showLine(line) {
  log.light([line], false);
  const own = (data) => data[2].includes(line);
  bars.light(own);
  const data = bars.lowest(own);
  if (data) tell(data);
}

async function switchAxis(axis) {
  view.axis = axis;
  for (const link of document.querySelectorAll("a[data-axis]")) {
    if (link.dataset.axis === axis) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  await bars.show(await figure(axis), view.from, view.to);
  moveWindow();
  state.write(view);
}

const KEYS = {
  "+": () => bars.zoom(0.5),
  "=": () => bars.zoom(0.5),
  "-": () => bars.zoom(2),
  ArrowLeft: () => bars.pan(-0.2),
  ArrowRight: () => bars.pan(0.2),
  0: () => {
    bars.light(null);
    bars.all();
  },
  n: () => step(1),
  p: () => step(-1),
};

function wire() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    const arrows = event.key.startsWith("Arrow") && !event.target.closest("#bars");
    if (typing || arrows || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-key], a[data-axis], a[data-hole], a[data-line]");
    if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
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
      stage.focus({ preventScroll: true });
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
  const [plotly, first] = await Promise.all([load(stage.dataset.plotly), figure(view.axis)]);
  bars = new Bars(plotly, document.getElementById("plot"), { view: viewed, point: tell, choose });
  // a page of two logs has no lines of its own
  log = new Log(document.getElementById("lines") ?? document.createElement("ol"), showLine);
  await bars.show(first, view.from, view.to);
  moveWindow();
  wire();
  if (view.hole !== null) showHole(view.hole, view.from === null);
  stage.dataset.live = "true";
}

offerCopy(document.getElementById("copy"));
showDeleteToken();
closeMenus();
if (stage) start();
