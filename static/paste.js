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
  form.requestSubmit();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
