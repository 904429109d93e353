/* The menu, copying the link, and the delete token that comes in the fragment after pasting: shown once, then taken away. */

export function offerCopy(button) {
  if (!button) return;
  if (!navigator.clipboard) {
    button.remove();
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(window.location.href);
    button.textContent = "Copied";
    window.setTimeout(() => (button.textContent = "Copy link"), 1500);
  });
}

/** The buttons of the menu that copy another form of the layout, such as the report for a mail. */
export function offerForms() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      let told = "Copied";
      try {
        await copy(button.dataset.copy);
      } catch {
        told = "Not copied";
      }
      const word = button.firstChild;
      word.data = told;
      window.setTimeout(() => (word.data = "Copy"), 1500);
    });
  }
}

/** Put what the server sends into the clipboard: a picture as a picture, all else as text. */
async function copy(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const body = await answer.blob();
  if (body.type === "image/png") await navigator.clipboard.write([new ClipboardItem({ [body.type]: body })]);
  else await navigator.clipboard.writeText(await body.text());
}

export function showDeleteToken() {
  const token = /^#delete=([A-Za-z0-9_-]{8,100})$/.exec(window.location.hash)?.[1];
  if (!token) return;
  const { origin, pathname, search } = window.location;
  window.history.replaceState(null, "", pathname + search);
  const id = pathname.split("/").pop();
  document.getElementById("delete-token").textContent = token;
  document.getElementById("delete-command").textContent =
    `curl -X DELETE -H 'Authorization: Bearer ${token}' ${origin}/api/v1/layouts/${id}`;
  document.getElementById("delete-note").hidden = false;
}

/** A menu closes on Escape and on a click beside it. */
export function closeMenus() {
  const menus = document.querySelectorAll("details.menu");
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (menu.open && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  });
}
