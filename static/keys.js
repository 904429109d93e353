/* Keys that work anywhere on the page but in fields; arrows only where the bars have the focus. */

import { closest } from "./dom.js";

/**
 * Call the function of the key that is pressed; where the page has them, `/` goes to the find box and `?` opens the help.
 *
 * @param {Record<string, () => void>} keys
 */
export function wireKeys(keys) {
  const help = document.getElementById("help");
  const box = document.querySelector("#find input[name=find]");
  /** @type {Record<string, () => void>} */
  const all = { ...keys };
  if (box instanceof HTMLInputElement) all["/"] = () => box.select();
  if (help instanceof HTMLDialogElement) {
    all["?"] = () => help.showModal();
    for (const button of document.querySelectorAll("[data-help]")) button.addEventListener("click", all["?"]);
  }
  document.addEventListener("keydown", (event) => {
    const typing = closest(event, "input, textarea, select, dialog");
    const elsewhere = event.key.startsWith("Arrow") && !closest(event, "#bars");
    if (typing || elsewhere || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(all, event.key)) return;
    event.preventDefault();
    all[event.key]();
  });
}
