/* What was pasted in this browser: a list that only this browser has, and the delete token of the page for as long as
   its tab is open. */

import { byId } from "./dom.js";

/**
 * @typedef {object} Paste
 * @property {string} path of its page
 * @property {string} title
 * @property {string} severity
 * @property {string} day on which it was pasted, as 2026-12-01
 * @property {string} until the day from which on it is gone, as 2027-02-28
 */

const LIST = "pfnscope-pastes";
const MOST = 50;
const TOKEN = "pfnscope-token:";

const today = () => new Date().toISOString().slice(0, 10);

/** @returns {Paste[]} newest first, without those that have expired */
export function pastes() {
  try {
    const kept = /** @type {Paste[]} */ (JSON.parse(window.localStorage.getItem(LIST) ?? "[]"));
    return kept.filter(({ path, until }) => /^\/l\/[\w-]+$/.test(path) && until >= today());
  } catch {
    return []; // no storage, or not ours
  }
}

/** @param {Paste[]} list */
function keep(list) {
  try {
    if (list.length) window.localStorage.setItem(LIST, JSON.stringify(list.slice(0, MOST)));
    else window.localStorage.removeItem(LIST);
  } catch {
    // a browser that keeps nothing has no list
  }
}

/**
 * Put a paste in front of the list, and keep its delete token for as long as this tab is open.
 *
 * @param {Omit<Paste, "day">} paste
 * @param {string} token
 */
export function remember(paste, token) {
  const others = pastes();
  const day = others.find(({ path }) => path === paste.path)?.day ?? today();
  keep([{ ...paste, day }, ...others.filter(({ path }) => path !== paste.path)]);
  try {
    window.sessionStorage.setItem(TOKEN + paste.path, token);
  } catch {
    // then the token is known on the next page only
  }
}

/** @param {string | null} path null for all */
export const forget = (path) => keep(path === null ? [] : pastes().filter((paste) => paste.path !== path));

/** The delete token: from the fragment of the address, which then loses it, or of this tab's session. */
function tokenOf() {
  const { hash, pathname, search } = window.location;
  const token = /^#delete=([A-Za-z0-9_-]{8,100})$/.exec(hash)?.[1];
  try {
    return token ?? window.sessionStorage.getItem(TOKEN + pathname);
  } catch {
    return token ?? null;
  } finally {
    if (token) window.history.replaceState(null, "", pathname + search);
  }
}

/** On the page of a stored layout: while its token is known, show it and offer to delete the layout. */
export function offerDeleting() {
  const kept = document.getElementById("kept");
  const token = kept && tokenOf();
  if (!token) return;
  const { origin, pathname } = window.location;
  const { title = "", severity = "", until = "" } = kept.dataset;
  remember({ path: pathname, title, severity, until }, token);
  const api = `${origin}/api/v1/layouts/${pathname.split("/").pop()}`;
  byId("delete-token").textContent = token;
  byId("delete-command").textContent = `curl -X DELETE -H 'Authorization: Bearer ${token}' ${api}`;
  byId("delete-copy").dataset.copyText = byId("delete-command").textContent ?? "";
  byId("delete-known").hidden = false;
  const button = byId("delete");
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!("sure" in button.dataset)) {
      button.dataset.sure = "";
      button.textContent = "Delete for good?";
      return;
    }
    const answer = await fetch(api, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
    if (answer.ok || answer.status === 410) {
      forget(pathname);
      window.location.replace(pathname);
    } else button.textContent = `Not deleted (${answer.status})`;
  });
}

/** Fill the list of this browser's pastes, and what a field may pick from, where the page has them. */
export function listPastes() {
  const own = pastes();
  const section = document.getElementById("own");
  if (section && own.length) {
    byId("own-list").replaceChildren(...own.map(card));
    section.hidden = false;
    byId("own-forget").addEventListener("click", () => {
      forget(null);
      section.hidden = true;
    });
  }
  const picks = document.getElementById("own-picks");
  if (picks) {
    picks.replaceChildren(
      ...own.map(({ path, title, day }) => Object.assign(document.createElement("option"), { value: path, textContent: `${title}, ${day}` })),
    );
  }
}

/** @param {Paste} paste */
function card({ path, title, severity, day, until }) {
  const link = Object.assign(document.createElement("a"), { href: path });
  const name = Object.assign(document.createElement("b"), { textContent: title });
  const kept = Object.assign(document.createElement("span"), { textContent: `${day}, kept until ${until}` });
  const row = document.createElement("li");
  row.className = /^[a-z]+$/.test(severity) ? `dot t-${severity}` : "";
  link.append(name, kept);
  row.append(link);
  return row;
}
