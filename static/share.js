/* The menu, copying the link, and the delete token in the fragment after pasting: shown once, then taken out. */

import { byId } from "./dom.js";

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

/** The delete token that the server put into the fragment, and the command that uses it. */
export function showDeleteToken() {
  const token = /^#delete=([A-Za-z0-9_-]{8,100})$/.exec(window.location.hash)?.[1];
  if (!token) return;
  const { origin, pathname, search } = window.location;
  window.history.replaceState(null, "", pathname + search);
  const id = pathname.split("/").pop();
  byId("delete-token").textContent = token;
  byId("delete-command").textContent = `curl -X DELETE -H 'Authorization: Bearer ${token}' ${origin}/api/v1/layouts/${id}`;
  byId("delete-note").hidden = false;
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
