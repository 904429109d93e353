/* Touch: two fingers on the bars zoom and move, one moves them aside; up and down scrolls the page, a tap is a click. A
   pointer slides along the strip above. The plotting library sees no touch: it would take every one for a drag. */

const DRAG = 6; // pixels sideways from which on one finger moves the bars

/**
 * Where the fingers are: their middle in `share` of the width, their distance in `apart`.
 *
 * @param {HTMLElement} plot
 * @param {TouchEvent} event
 */
function fingersOn(plot, { touches }) {
  const { left, width } = plot.getBoundingClientRect();
  const places = [...touches].slice(0, 2).map((touch) => (touch.clientX - left) / width);
  const [a, b = a] = places;
  return { count: places.length, share: (a + b) / 2, apart: Math.max(20 / width, Math.abs(a - b)), width };
}

/**
 * Call `zoom` and `pan` as fingers on `plot` go apart and aside; shares are of its width.
 *
 * @param {HTMLElement} plot
 * @param {(factor: number, share: number) => void} zoom
 * @param {(share: number) => void} pan
 */
export function onTouch(plot, zoom, pan) {
  /** @type {(ReturnType<typeof fingersOn> & {moving: boolean}) | null} */
  let before = null;
  /** @param {"touchstart" | "touchmove" | "touchend" | "touchcancel"} name @param {(event: TouchEvent) => void} act */
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
    before = { ...fingersOn(plot, event), moving: event.touches.length > 1 };
  });
  listen("touchmove", (event) => {
    if (!before || event.touches.length !== before.count) return;
    const now = fingersOn(plot, event);
    const moving = before.moving || Math.abs(now.share - before.share) * now.width > DRAG;
    if (!moving) return;
    if (event.cancelable) event.preventDefault();
    pan(before.share - now.share);
    if (now.count > 1) zoom(before.apart / now.apart, now.share);
    before = { ...now, moving };
  });
  listen("touchend", (event) => {
    // the fingers that stay begin anew; what was a move is no tap
    if (before?.moving && event.cancelable) event.preventDefault();
    before = event.touches.length ? { ...fingersOn(plot, event), moving: true } : null;
  });
  listen("touchcancel", () => {
    before = null;
  });
}

/**
 * Call `show(share, jump)` as a pointer presses on a strip, which is a jump, and slides along it.
 *
 * @param {HTMLElement} strip
 * @param {(share: number, jump: boolean) => void} show
 */
export function onSlide(strip, show) {
  const at = (/** @type {PointerEvent} */ { clientX }) => {
    const { left, width } = strip.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width));
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
