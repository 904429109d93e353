/* The forms that ask what if work without this module. It keeps their address short, and the bars as they are shown. */

const VIEW = ["v", "axis", "from", "to"];

for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", () => {
    const shown = new URLSearchParams(window.location.search);
    for (const name of VIEW) {
      form.querySelector(`input[type=hidden][name=${name}]`)?.remove();
      if (!shown.has(name)) continue;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value: shown.get(name) });
      form.insertAdjacentElement("beforeend", field); // form.append is the field of that name
    }
  });
}

/* A link to the panel opens it. */
function open() {
  const panel = document.getElementById("whatif");
  const target = document.getElementById(window.location.hash.slice(1));
  if (panel && target && panel.contains(target)) panel.open = true;
}

window.addEventListener("hashchange", open);
open();
