/* The form that compares: files and texts are stored first, each as the paste page does, and then compared by their names. */

import { byId, query } from "./dom.js";
import { holdLarge, tooLarge } from "./large.js";
import { listPastes, remember } from "./pastes.js";

const form = query(document, "form#pair", HTMLFormElement);
const problem = byId("pair-problem");
for (const part of form.querySelectorAll(".or")) if (part instanceof HTMLElement) part.hidden = false;
listPastes();

const fileOf = (/** @type {string} */ side) => query(form, `input[type=file][data-side=${side}]`, HTMLInputElement);
const textOf = (/** @type {string} */ side) => query(form, `textarea[data-side=${side}]`, HTMLTextAreaElement);

/**
 * The file or text that was given for a side; null where it is a link.
 *
 * @param {string} side
 */
function given(side) {
  const file = fileOf(side).files?.[0];
  const text = textOf(side).value;
  if (file) return { log: file, name: file.name };
  return text.trim() ? { log: new Blob([text], { type: "text/plain" }), name: `text ${side.toUpperCase()}` } : null;
}

/**
 * Store a log; the name that a comparison calls it.
 *
 * @param {{log: Blob, name: string}} given
 */
async function stored({ log, name }) {
  const refusal = tooLarge(log.size, name, form);
  if (refusal) throw new Error(`${name}: ${refusal}`);
  const body = new FormData();
  body.append("file", log, name);
  const answer = await fetch("/api/v1/layouts", { method: "POST", body });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${name}: ${said.detail ?? `the server does not take this (${answer.status})`}`);
  remember({ path: `/l/${said.id}`, title: name, severity: "", until: said.expires_at.slice(0, 10) }, said.delete_token);
  return said.id;
}

for (const side of ["a", "b"]) {
  const link = query(form, `input[name=${side}]`, HTMLInputElement);
  const check = () => (link.required = given(side) === null);
  holdLarge(textOf(side), fileOf(side), (words) => (problem.textContent = `${side.toUpperCase()}: ${words}`));
  textOf(side).addEventListener("input", () => (fileOf(side).value = ""));
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
