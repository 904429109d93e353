/* The paste page: files may be dropped anywhere on the page, Ctrl+Enter submits, a large log shows how far it is. */

import { byId, query } from "./dom.js";

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
const LARGE = 1 << 20;
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
