/* The paste page: files may be dropped anywhere on the page, Ctrl+Enter submits, a large log shows how far it is. */

import { byId, query } from "./dom.js";
import { listPastes } from "./pastes.js";

const form = query(document, "form#paste", HTMLFormElement);
const text = query(form, "textarea#log", HTMLTextAreaElement);
const file = query(form, "input#file", HTMLInputElement);
const drop = byId("drop");

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
  text.value = "";
  text.setCustomValidity("");
  form.requestSubmit();
});

/* A large paste is held as a file: in the field it would bring the browser to a standstill. */
const LARGE = 1 << 20;
const MB = 1_000_000;
const held = byId("held");
const inWords = (/** @type {number} */ size) => `${(size / MB).toFixed(size < 10 * MB ? 1 : 0)} MB`;

text.addEventListener("paste", (event) => {
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  if (pasted.length < LARGE) return;
  event.preventDefault();
  const files = new DataTransfer();
  files.items.add(new File([pasted], "pasted.txt", { type: "text/plain" }));
  file.files = files.files;
  text.value = "";
  text.setCustomValidity("");
  query(held, "span", HTMLElement).textContent = `${inWords(pasted.length)} pasted, held as a file.`;
  held.hidden = false;
});

query(held, "button", HTMLElement).addEventListener("click", () => {
  file.value = "";
  held.hidden = true;
  text.focus();
});

/**
 * Whether a file is larger than the server takes; then it says so, and nothing is sent.
 *
 * @param {number} size bytes
 */
function tooLarge(size) {
  const { most = "0", mostWords = "" } = form.dataset;
  const over = size > Number(most);
  const problem = byId("too-large");
  problem.hidden = !over;
  if (over) {
    const name = file.files?.[0]?.name ?? "FILE";
    problem.textContent = `This text has ${inWords(size)}, the server takes ${mostWords}. Only the start of a boot log matters: head -c 20M ${name}`;
  }
  return over;
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

for (const field of [text, file]) field.addEventListener("input", () => text.setCustomValidity(""));

/* A large log takes its time: say how far it is. Small ones are submitted as the form does, without this. */
const meter = byId("sending");
const bar = query(meter, "progress", HTMLProgressElement);
const words = query(meter, "span", HTMLElement);

/** @param {XMLHttpRequest} request that has been answered */
function answered(request) {
  if (request.status === 201) {
    const { id, delete_token: token } = JSON.parse(request.responseText);
    window.location.assign(`/l/${id}#delete=${token}`);
    return;
  }
  // the form's own way shows what is wrong as a page
  meter.hidden = true;
  form.submit();
}

form.addEventListener("submit", (event) => {
  const size = file.files?.[0]?.size ?? text.value.length;
  if (tooLarge(size)) {
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
