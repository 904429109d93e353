/* Elements of the page, by id or by selector: one that is missing is an error of the template. */

/**
 * @param {string} id
 * @returns {HTMLElement}
 * @throws {Error} where the page has no such element
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * The first element of this type below `parent` that matches.
 *
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new (...args: any[]) => T} type
 * @returns {T}
 * @throws {Error} where there is none
 */
export function query(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}

/**
 * The closest ancestor, or the target itself, that matches.
 *
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closest(event, selector) {
  return event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(selector)) : null;
}
