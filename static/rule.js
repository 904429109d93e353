/* The line at the pointer through all lanes, with the page frame that it stands on. */

import { frameWords } from "./axis.js";

/**
 * Show a rule where a mouse or pen points at the drawing; it goes as the pointer leaves.
 *
 * @param {HTMLElement} plot
 * @param {(share: number) => number} pfnAt the page frame, with its fraction, at a part of the width (0..1)
 * @param {() => number} pageSize bytes
 */
export function wireRule(plot, pfnAt, pageSize) {
  const rule = Object.assign(document.createElement("div"), { className: "rule-line", hidden: true });
  const label = Object.assign(document.createElement("span"), { className: "rule-at", hidden: true });
  rule.setAttribute("aria-hidden", "true");
  label.setAttribute("aria-hidden", "true");
  plot.append(rule, label);
  const hide = () => {
    rule.hidden = true;
    label.hidden = true;
  };
  plot.addEventListener(
    "pointermove",
    (event) => {
      if (event.pointerType === "touch") return;
      const { left, width } = plot.getBoundingClientRect();
      const x = Math.min(Math.max(event.clientX - left, 0), width);
      label.textContent = frameWords(Math.floor(pfnAt(x / width)), pageSize());
      rule.hidden = false;
      label.hidden = false;
      rule.style.transform = `translateX(${x}px)`;
      const half = label.offsetWidth / 2;
      label.style.transform = `translateX(${Math.min(Math.max(x - half, 0), width - 2 * half)}px)`;
    },
    { capture: true },
  );
  plot.addEventListener("pointerleave", hide);
}
