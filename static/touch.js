/* Two fingers on the bars zoom and move; one finger is the plotting library's, or scrolls the page. A pointer slides
   along the strip above them. */

/** Call `zoom(factor, share)` and `pan(share)` as two fingers on `plot` go apart and aside; shares are of its width. */
export function onPinch(plot, zoom, pan) {
  let before = null;
  const look = ({ touches }) => {
    const box = plot.getBoundingClientRect();
    const [a, b] = [touches[0].clientX, touches[1].clientX];
    return { apart: Math.max(20, Math.abs(a - b)), share: ((a + b) / 2 - box.left) / box.width };
  };
  const ours = { capture: true, passive: false };
  plot.addEventListener(
    "touchstart",
    (event) => {
      if (event.touches.length !== 2) return;
      event.preventDefault();
      event.stopPropagation();
      before = look(event);
    },
    ours,
  );
  plot.addEventListener(
    "touchmove",
    (event) => {
      if (!before || event.touches.length !== 2) return;
      event.preventDefault();
      event.stopPropagation();
      const now = look(event);
      pan(before.share - now.share);
      zoom(before.apart / now.apart, now.share);
      before = now;
    },
    ours,
  );
  plot.addEventListener("touchend", () => (before = null), ours);
}

/** Call `show(share, jump)` as a pointer presses on a strip, which is a jump, and slides along it. */
export function onSlide(strip, show) {
  const at = ({ clientX }) => {
    const box = strip.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - box.left) / box.width));
  };
  strip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    strip.setPointerCapture(event.pointerId);
    show(at(event), true);
  });
  strip.addEventListener("pointermove", (event) => {
    if (strip.hasPointerCapture(event.pointerId)) show(at(event), false);
  });
}
