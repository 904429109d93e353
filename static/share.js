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

/** The entries of the menu that copy another form of the layout, such as the report for a mail. */
export function offerForms() {
  if (!navigator.clipboard) return;
  for (const entry of document.querySelectorAll("[data-copies]")) {
    entry.hidden = false;
    const button = entry.querySelector("button");
    const name = button.textContent;
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.copy);
      if (answer.ok) await navigator.clipboard.writeText(await answer.text());
      button.textContent = answer.ok ? "Copied" : "Could not be copied";
      window.setTimeout(() => (button.textContent = name), 1500);
    });
  }
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
