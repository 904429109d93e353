/* The forms that ask what if work without this module. It keeps their address short, and the bars as they are shown. */

const VIEW = ["v", "axis", "from", "to"];

for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", () => {
    const shown = new URLSearchParams(window.location.search);
    for (const name of VIEW) {
      form.querySelector(`input[type=hidden][name=${name}]`)?.remove();
      const value = shown.get(name);
      if (value === null) continue;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      form.insertAdjacentElement("beforeend", field); // form.append is the field of that name
    }
  });
}

/** A link to the panel opens it. */
function openPanel() {
  const panel = document.getElementById("whatif");
  const target = document.getElementById(window.location.hash.slice(1));
  if (panel instanceof HTMLDetailsElement && target && panel.contains(target)) panel.open = true;
}

window.addEventListener("hashchange", openPanel);
openPanel();
