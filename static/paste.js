/* The paste page: files may be dropped anywhere on the box, Ctrl+Enter sends. */

const form = document.getElementById("paste");
const drop = document.getElementById("drop");
const file = document.getElementById("file");
const text = document.getElementById("log");

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
}

document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  file.files = event.dataTransfer.files;
  text.value = "";
  text.setCustomValidity("");
  form.requestSubmit();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

/* Nothing to send: say so at the box. */
const bare = () => !file.files.length && !text.value.trim();

form.addEventListener("submit", (event) => {
  if (!bare()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  text.setCustomValidity("Paste a boot log here, or choose a file.");
  text.reportValidity();
});

for (const field of [text, file]) field.addEventListener("input", () => text.setCustomValidity(""));

/* A large log takes its time: say how far it is. Small ones are sent as the form does, without this. */
const LARGE = 1 << 20;
const meter = document.getElementById("sending");

form.addEventListener("submit", (event) => {
  const size = file.files[0]?.size ?? text.value.length;
  if (size < LARGE || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  const [bar, words] = [meter.querySelector("progress"), meter.querySelector("span")];
  meter.hidden = false;
  words.textContent = "Sending the log";
  request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = loaded / total));
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    words.textContent = "Reading the log";
  });
  request.addEventListener("load", () => {
    if (request.status === 201) {
      const { id, delete_token: token } = JSON.parse(request.responseText);
      window.location.assign(`/l/${id}#delete=${token}`);
      return;
    }
    // the form's own way shows what is wrong as a page
    meter.hidden = true;
    form.submit();
  });
  request.addEventListener("error", () => {
    bar.value = 0;
    words.textContent = "The server cannot be reached; nothing was stored. Try again.";
  });
  request.open("POST", "/api/v1/layouts");
  request.send(new FormData(form));
});
