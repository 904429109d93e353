/* The find box: asks the server without leaving the page. Without this module it is a form that does the same. */

/** Call `find(words)` when the form is sent; where it throws, say why beside the box. */
export function wireFind(find) {
  const form = document.getElementById("find");
  const box = form.elements.find;
  const told = document.getElementById("find-told");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    told.textContent = "";
    try {
      await find(box.value);
    } catch (error) {
      told.textContent = error.message;
    }
    box.toggleAttribute("aria-invalid", told.textContent !== "");
  });
}
