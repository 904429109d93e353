/* Keys that work anywhere on the page but in fields; arrows only where the bars have the focus. */

/** Call the function of the key that is pressed; `/` goes to the find box, `?` opens the help. */
export function wireKeys(keys) {
  const help = document.getElementById("help");
  const all = {
    ...keys,
    "/": () => document.querySelector("#find input[name=find]").select(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    const arrows = event.key.startsWith("Arrow") && !event.target.closest("#bars");
    if (typing || arrows || event.ctrlKey || event.metaKey || event.altKey || !all[event.key]) return;
    event.preventDefault();
    all[event.key]();
  });
  for (const button of document.querySelectorAll("[data-help]")) {
    button.addEventListener("click", () => help.showModal());
  }
}
