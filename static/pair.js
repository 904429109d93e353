/* The form that compares: files and texts are stored first, each as the paste page does, and then compared by their names. */

import { byId, query } from "./dom.js";
import { listPastes, remember } from "./pastes.js";

const form = query(document, "form#pair", HTMLFormElement);
const problem = byId("pair-problem");
for (const part of form.querySelectorAll(".or")) if (part instanceof HTMLElement) part.hidden = false;
listPastes();

/**
 * The file or text that was given for a side; null where it is a link.
 *
 * @param {string} side
 */
function given(side) {
  const file = query(form, `input[type=file][data-side=${side}]`, HTMLInputElement).files?.[0];
  const text = query(form, `textarea[data-side=${side}]`, HTMLTextAreaElement).value;
  if (file) return { log: file, name: file.name };
  return text.trim() ? { log: new Blob([text], { type: "text/plain" }), name: `text ${side.toUpperCase()}` } : null;
}

/**
 * Store a log; the name that a comparison calls it.
 *
 * @param {{log: Blob, name: string}} given
 */
async function stored({ log, name }) {
  const body = new FormData();
  body.append("file", log, name);
  const answer = await fetch("/api/v1/layouts", { method: "POST", body });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${name}: ${said.detail}`);
  remember({ path: new URL(said.url, window.location.href).pathname, title: name, severity: "", until: said.expires_at.slice(0, 10) });
  return said.id;
}

for (const side of ["a", "b"]) {
  const link = query(form, `input[name=${side}]`, HTMLInputElement);
  const check = () => (link.required = given(side) === null);
  for (const field of form.querySelectorAll(`[data-side=${side}]`)) field.addEventListener("input", check);
}

form.addEventListener("submit", async (event) => {
  const sides = ["a", "b"].filter((side) => given(side));
  if (!sides.length) return;
  event.preventDefault();
  problem.textContent = "";
  try {
    for (const side of sides) {
      const log = given(side);
      if (log) query(form, `input[name=${side}]`, HTMLInputElement).value = await stored(log);
    }
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : `${error}`;
    return;
  }
  for (const field of form.querySelectorAll("[data-side]")) field.remove();
  form.submit();
});
