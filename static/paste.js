/* The paste page: files may be dropped anywhere on the page, Ctrl+Enter submits, a large log shows how far it is. */

import { byId, query } from "./dom.js";
import { LARGE, holdLarge, tooLarge } from "./large.js";
import { listPastes } from "./pastes.js";

const form = query(document, "form#paste", HTMLFormElement);
const text = query(form, "textarea#log", HTMLTextAreaElement);
const file = query(form, "input#file", HTMLInputElement);
const drop = byId("drop");
const refusal = byId("refusal");

const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");

/** @param {DragEvent} event */
function over(event) {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.add("over");
}

document.addEventListener("dragenter", over);
document.addEventListener("dragover", over);

document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  file.files = event.dataTransfer?.files ?? null;
  held.hidden = true;
  // what an answer page keeps in the field is judged together with the file
  if (!text.defaultValue) text.value = "";
  text.setCustomValidity("");
  form.requestSubmit();
});

const held = byId("held");
let before = "";
holdLarge(text, file, (words, stood) => {
  before = stood;
  query(held, "span", HTMLElement).textContent = words;
  held.hidden = false;
});

query(held, "button", HTMLElement).addEventListener("click", () => {
  file.value = "";
  text.value = before;
  held.hidden = true;
  text.focus();
});

/** @param {string} words what is wrong with the text; empty where nothing is */
function refuse(words) {
  refusal.textContent = words;
  refusal.hidden = !words;
}

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

form.addEventListener("submit", (event) => {
  if (file.files?.length || text.value.trim()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  text.setCustomValidity("Paste a boot log here, or choose a file.");
  text.reportValidity();
});

for (const field of [text, file]) {
  field.addEventListener("input", () => {
    text.setCustomValidity("");
    refuse("");
  });
}
file.addEventListener("change", () => {
  held.hidden = true;
  refuse(tooLarge(file.files?.[0]?.size ?? 0, file.files?.[0]?.name ?? "", form));
});

/* A large log takes its time: say how far it is. Small ones are submitted as the form does, without this. */
const meter = byId("sending");
const bar = query(meter, "progress", HTMLProgressElement);
const words = query(meter, "span", HTMLElement);

/** @param {XMLHttpRequest} request that was refused, by the server or by what stands in front of it */
function detailOf({ responseText, status }) {
  try {
    return /** @type {{detail: string}} */ (JSON.parse(responseText)).detail;
  } catch {
    return status === 413 ? "This is more than the server takes." : `The server does not take this (${status}).`;
  }
}

/** @param {XMLHttpRequest} request that has been answered */
function answered(request) {
  if (request.status === 201) {
    const { id, delete_token: token } = JSON.parse(request.responseText);
    window.location.assign(`/l/${id}#delete=${token}`);
    return;
  }
  meter.hidden = true;
  // a text without a layout has a page of its own; sending it again brings no other refusal than the first
  if (request.status === 422) form.submit();
  else refuse(`${detailOf(request)} Nothing was stored.`);
}

form.addEventListener("submit", (event) => {
  const size = (file.files?.[0]?.size ?? 0) + text.value.length;
  refuse(tooLarge(size, file.files?.[0]?.name ?? "", form));
  if (refusal.textContent) {
    event.preventDefault();
    return;
  }
  if (size < LARGE || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  meter.hidden = false;
  words.textContent = "Sending the log";
  request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = loaded / total));
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    words.textContent = "Reading the log";
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => {
    bar.value = 0;
    words.textContent = "The server cannot be reached; nothing was stored. Try again.";
  });
  request.open("POST", "/api/v1/layouts");
  request.send(new FormData(form));
});

listPastes();
