/* Touch: two fingers on the bars zoom and move, one moves them aside; up and down scrolls the page, a tap is a click. A
   pointer slides along the strip above. The plotting library sees no touch: it would take every one for a drag. */

const MEANT = 6; // pixels sideways from which on one finger means to move the bars

/** Call `zoom(factor, share)` and `pan(share)` as fingers on `plot` go apart and aside; shares are of its width. */
export function onTouch(plot, zoom, pan) {
  let before = null;
  const look = ({ touches }) => {
    const box = plot.getBoundingClientRect();
    const places = [...touches].slice(0, 2).map((touch) => (touch.clientX - box.left) / box.width);
    const [a, b = a] = places;
    return { fingers: places.length, share: (a + b) / 2, apart: Math.max(20 / box.width, Math.abs(a - b)), width: box.width };
  };
  const listen = (name, act) =>
    plot.addEventListener(
      name,
      (event) => {
        event.stopPropagation();
        act(event);
      },
      { capture: true, passive: false },
    );
  listen("touchstart", (event) => {
    if (event.touches.length > 1) event.preventDefault();
    before = { ...look(event), moving: event.touches.length > 1 };
  });
  listen("touchmove", (event) => {
    if (!before || event.touches.length !== before.fingers) return;
    const now = look(event);
    const moving = before.moving || Math.abs(now.share - before.share) * now.width > MEANT;
    if (!moving) return;
    if (event.cancelable) event.preventDefault();
    pan(before.share - now.share);
    if (now.fingers > 1) zoom(before.apart / now.apart, now.share);
    before = { ...now, moving };
  });
  listen("touchend", (event) => {
    // the fingers that stay begin anew; what was a move is no tap
    if (before?.moving && event.cancelable) event.preventDefault();
    before = event.touches.length ? { ...look(event), moving: true } : null;
  });
  listen("touchcancel", () => (before = null));
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
