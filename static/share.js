/* The menus, and the buttons that copy: the link, another form of the layout, an argument. */

const SHOWN = 1500; // milliseconds that a button says what it has done

/** The button that copies the address of the page. */
export function offerCopy() {
  const button = document.getElementById("copy");
  if (!button) return;
  if (!navigator.clipboard) {
    button.remove();
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(window.location.href);
    button.textContent = "Copied";
    window.setTimeout(() => (button.textContent = "Copy link"), SHOWN);
  });
}

/** The buttons that copy another form of the layout, such as the report for a mail, or an argument to paste. */
export function offerForms() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy], [data-copy-text]")) {
    const word = button.firstChild;
    const name = word?.textContent ?? "";
    const url = button.getAttribute("data-copy");
    const text = button.getAttribute("data-copy-text");
    if (!word || !(url || text) || !(button instanceof HTMLElement)) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const link = button.hasAttribute("data-copy-link") ? `\n${window.location.href}` : "";
      const done = url ? copy(url) : navigator.clipboard.writeText(`${text}${link}`);
      word.textContent = await done.then(() => "Copied", () => "Not copied");
      window.setTimeout(() => (word.textContent = name), SHOWN);
    });
  }
}

/**
 * Put a file of the server into the clipboard: a picture as a picture, all else as text.
 *
 * @param {string} url
 */
async function copy(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const body = await answer.blob();
  if (body.type === "image/png") await navigator.clipboard.write([new ClipboardItem({ [body.type]: body })]);
  else await navigator.clipboard.writeText(await body.text());
}

/** A menu closes on Escape and on a click beside it. */
export function closeMenus() {
  /** @type {NodeListOf<HTMLDetailsElement>} */
  const menus = document.querySelectorAll("details.menu");
  document.addEventListener("click", ({ target }) => {
    for (const menu of menus) if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (menu.open && menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
      menu.open = false;
    }
  });
}
