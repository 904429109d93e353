/* The log below the bars: lines that belong to a bar are lit, and a clicked line number lights its bars. */

import { closest } from "./dom.js";

/** @import { BarData } from "./figure.js" */

const MOST_LINES = 6; // that are named of one bar

export class Log {
  /**
   * @param {HTMLElement} list of lines
   * @param {HTMLElement} detail where a bar is described
   * @param {(line: number) => void} choose is called with the number of a clicked line
   */
  constructor(list, detail, choose) {
    this.list = list;
    this.detail = detail;
    list.addEventListener("click", (event) => {
      const link = closest(event, "a");
      if (!(link instanceof HTMLAnchorElement) || !link.hash || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(Number(link.textContent));
    });
  }

  /**
   * Whether this part of the log has that line.
   *
   * @param {number} line
   */
  has(line) {
    return document.getElementById(`L${line}`) !== null;
  }

  /**
   * Where that line is: here, in another part of the log, or nowhere.
   *
   * @param {number} line
   */
  href(line) {
    if (this.has(line)) return `#L${line}`;
    if ("whole" in this.list.dataset) return null;
    const url = new URL(window.location.href);
    url.searchParams.set("line", `${line}`);
    return `${url.search}#L${line}`;
  }

  /** Whether nothing is described. */
  get silent() {
    return !this.detail.textContent?.trim();
  }

  /** @param {string} words above the bars */
  say(words) {
    this.detail.textContent = words;
  }

  /**
   * Say what a bar is; its source lines are links.
   *
   * @param {BarData} bar
   */
  describe([label, words, lines]) {
    // a bar of a drawing begins with its page frames, an answer of the find box with what was looked for
    const head = /^\[[^·]+\)/.exec(words)?.[0] ?? label;
    const rest = words.startsWith(head) ? words.slice(head.length) : ` · ${words}`;
    /** @type {(Node | string)[]} */
    const parts = [Object.assign(document.createElement("b"), { textContent: head }), rest];
    if (lines.length) parts.push(lines.length > 1 ? " · lines " : " · line ");
    lines.slice(0, MOST_LINES).forEach((line, i) => parts.push(i ? ", " : "", this.link(line)));
    this.detail.replaceChildren(...parts);
  }

  /**
   * @param {number} line
   * @returns {Node | string} a link to it, where there is one
   */
  link(line) {
    const href = this.href(line);
    if (!href) return `${line}`;
    const link = Object.assign(document.createElement("a"), { href, textContent: `${line}` });
    link.dataset.line = `${line}`;
    return link;
  }

  /**
   * Light these lines.
   *
   * @param {number[]} lines
   * @param {boolean} scroll bring the first into view inside the box, not the page
   */
  light(lines, scroll) {
    for (const row of this.list.querySelectorAll(".lit")) row.classList.remove("lit");
    const rows = lines.map((line) => document.getElementById(`L${line}`)).filter((row) => row !== null);
    for (const row of rows) row.classList.add("lit");
    const box = this.list.parentElement;
    if (scroll && rows.length && box) box.scrollTop = rows[0].offsetTop - box.offsetTop - box.clientHeight / 3;
  }
}
