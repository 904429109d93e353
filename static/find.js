/* The find box: asks the server without leaving the page. Without this module it is a form that does the same. */

import { byId, query } from "./dom.js";

/**
 * Call `find(words)` when the form is submitted; where it throws, say why beside the box.
 *
 * @param {(words: string) => Promise<void>} find
 */
export function wireFind(find) {
  const form = byId("find");
  const box = query(form, "input[name=find]", HTMLInputElement);
  const problem = byId("find-problem");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    problem.textContent = "";
    try {
      await find(box.value);
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : `${error}`;
    }
    box.toggleAttribute("aria-invalid", problem.textContent !== "");
  });
}
