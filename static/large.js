/* Large texts: a paste above 1 MB is held as a file, since in a field it would bring the browser to a standstill; and what
   is larger than the server takes is said before it is sent. */

/** Bytes from which on a text is large. */
export const LARGE = 1 << 20;
const MB = 1_000_000;

/** @param {number} size bytes */
const inMegabytes = (size) => `${(size / MB).toFixed(size < 10 * MB ? 1 : 0)} MB`;

/**
 * What is wrong with the size of a text; empty where the server takes it.
 *
 * @param {number} size bytes
 * @param {string} name of its file
 * @param {HTMLFormElement} form that says what the server takes
 */
export function tooLarge(size, name, form) {
  const { most = "0" } = form.dataset;
  if (size <= Number(most)) return "";
  const cut = `head -c 20M ${/^[\w.+-]+$/.test(name) ? name : "FILE"}`;
  return `This file has ${inMegabytes(size)}, the server takes ${inMegabytes(Number(most))}. Only the start of a boot log matters: ${cut}`;
}

/**
 * Hold what is pasted or dropped into a field, with what stands there, as a file where that is large.
 *
 * @param {HTMLTextAreaElement} field
 * @param {HTMLInputElement} file
 * @param {(words: string, before: string) => void} say what is held, in words, and what stood in the field
 */
export function holdLarge(field, file, say) {
  const hold = (/** @type {Event} */ event, /** @type {DataTransfer | null} */ data) => {
    const text = data?.getData("text/plain") ?? "";
    if (text.length < LARGE) return;
    event.preventDefault();
    const before = field.value;
    const whole = before.slice(0, field.selectionStart) + text + before.slice(field.selectionEnd);
    const files = new DataTransfer();
    files.items.add(new File([whole], "pasted.txt", { type: "text/plain" }));
    file.files = files.files;
    field.value = "";
    say(`${inMegabytes(file.files[0]?.size ?? 0)} pasted, held as a file.`, before);
    file.dispatchEvent(new Event("input", { bubbles: true }));
  };
  field.addEventListener("paste", (event) => hold(event, event.clipboardData));
  field.addEventListener("drop", (event) => hold(event, event.dataTransfer));
}
