/* The line at the pointer through all lanes, with the page frame that it stands on. */

import { frameWords } from "./axis.js";

/**
 * Show a rule where a mouse or pen points at the drawing; it goes as the pointer leaves.
 *
 * @param {HTMLElement} plot
 * @param {(share: number) => number} pfnAt the page frame, with its fraction, at a part of the width (0..1)
 * @param {() => number} pageSize bytes
 * @returns {() => void} names the frame anew, where the view has moved below a pointer that rests
 */
export function wireRule(plot, pfnAt, pageSize) {
  const [line, label] = ["rule-line", "rule-at"].map((className) => {
    const part = Object.assign(document.createElement("div"), { className, hidden: true });
    part.setAttribute("aria-hidden", "true");
    return plot.appendChild(part);
  });
  let share = 0;
  const name = () => {
    if (!label.hidden) label.textContent = frameWords(Math.floor(pfnAt(share)), pageSize());
  };
  plot.addEventListener(
    "pointermove",
    (event) => {
      if (event.pointerType === "touch") return;
      const { left, width } = plot.getBoundingClientRect();
      const x = Math.min(Math.max(event.clientX - left, 0), width - 1);
      share = x / width;
      line.hidden = label.hidden = false;
      name();
      line.style.transform = `translateX(${x}px)`;
      // as many parts of itself to the left as the pointer is from the left: so it never leaves the drawing
      label.style.transform = `translateX(${x}px) translateX(${-100 * share}%)`;
    },
    { capture: true },
  );
  plot.addEventListener("pointerleave", () => {
    line.hidden = label.hidden = true;
  });
  return name;
}
