/* The log below: lines that belong to a bar are lit, and a clicked line number lights its bars. */

export class Log {
  /** `choose(line)` is called with the number of a clicked line. */
  constructor(list, choose) {
    this.list = list;
    list.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      if (!link?.hash || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(Number(link.textContent));
    });
  }

  /** Whether this part of the log has that line. */
  has(line) {
    return document.getElementById(`L${line}`) !== null;
  }

  /** Where that line is: here, in another part of the log, or nowhere. */
  href(line) {
    if (this.has(line)) return `#L${line}`;
    if ("whole" in this.list.dataset) return null;
    const url = new URL(window.location.href);
    url.searchParams.set("line", line);
    return `${url.search}#L${line}`;
  }

  /** Say what a bar is; its source lines are links. */
  tell(detail, [label, words, lines]) {
    const rest = words.startsWith(label) ? words.slice(label.length) : ` · ${words}`;
    const parts = [Object.assign(document.createElement("b"), { textContent: label }), rest];
    if (lines.length) parts.push(lines.length > 1 ? " · lines " : " · line ");
    lines.slice(0, 6).forEach((line, i) => {
      const href = this.href(line);
      const link = href && Object.assign(document.createElement("a"), { href, textContent: line });
      if (link) link.dataset.line = line;
      parts.push(i ? ", " : "", link ?? `${line}`);
    });
    detail.replaceChildren(...parts);
  }

  /** Light these lines; with `scroll`, bring the first into view inside the box, not the page. */
  light(lines, scroll) {
    for (const row of this.list.querySelectorAll(".lit")) row.classList.remove("lit");
    const rows = lines.map((line) => document.getElementById(`L${line}`)).filter(Boolean);
    for (const row of rows) row.classList.add("lit");
    if (scroll && rows.length) {
      const box = this.list.parentElement;
      box.scrollTop = rows[0].offsetTop - box.offsetTop - box.clientHeight / 3;
    }
  }
}
