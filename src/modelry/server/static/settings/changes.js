// What changed, leaf by leaf: old -> new; and the log of who changed what.

import { Refused, get, rowPath } from "../api.js";
import { button, fill, h, head, plainTable } from "../dom.js";
import { count, day, plain, words } from "../text.js";

/** What follows from a change by itself stands last. */
const BOOKS = ["provenance", "last_updated"];

/** @typedef {{path: string[], old: unknown, new: unknown}} Leaf */

/** @param {unknown} value */
const isNode = (value) => typeof value === "object" && value !== null && (!Array.isArray(value) || value.some((one) => typeof one === "object"));

/**
 * The leaves that differ. Lists of plain values are leaves.
 * @param {unknown} old @param {unknown} now @param {string[]} [path]
 * @returns {Leaf[]}
 */
function leaves(old, now, path = []) {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (!isNode(old) && !isNode(now)) return [{ path, old, new: now }];
  const [before, after] = [old, now].map((value) => /** @type {Record<string, unknown>} */ (isNode(value) ? value : {}));
  const left = !isNode(old) && old != null ? [{ path, old, new: undefined }] : [];
  return [...left, ...Object.keys({ ...before, ...after }).flatMap((name) => leaves(before[name], after[name], [...path, name]))];
}

/** `["pricing", "0", "input_per_token"]` -> `pricing › 1 › input per token`. @param {string[]} path */
const pathText = (path) => path.map((name) => (/^\d+$/.test(name) ? Number(name) + 1 : words(name))).join(" › ");

/**
 * A table of changes, or a word that there are none.
 * @param {Record<string, unknown>} old @param {Record<string, unknown>} now @param {string} none
 */
export function changesTable(old, now, none = "Nothing changes.") {
  const isBook = (/** @type {Leaf} */ leaf) => BOOKS.includes(leaf.path[0]);
  const found = leaves(old, now).sort((a, b) => Number(isBook(a)) - Number(isBook(b)));
  if (!found.length) return h("p", { class: "soft" }, none);
  return h(
    "div",
    { class: "scroll" },
    plainTable(
      "changes",
      ["Field", "Old", "New"].map((name) => head(name)),
      found.map((leaf) => h("tr", { class: isBook(leaf) && "soft" }, h("th", { scope: "row" }, pathText(leaf.path)), h("td", { class: "old" }, plain(leaf.old)), h("td", null, plain(leaf.new)))),
    ),
  );
}

const FIRST = 10;

/** The log of a model; `load` asks for it. */
export function changeLog() {
  const list = h("div", { class: "stack" });

  /** @param {any[]} changes newest first @param {number} most */
  function show(changes, most) {
    const more = changes.length - most;
    fill(
      list,
      !changes.length && h("p", { class: "soft" }, "No operator has changed this model."),
      changes.slice(0, most).map(entry),
      more > 0 && button(`Show ${count(more)} older`, () => show(changes, Infinity)),
    );
  }

  return {
    element: h("section", { class: "card", "aria-labelledby": "log" }, h("h2", { id: "log" }, "Change log"), list),
    /** @param {string} id */
    async load(id) {
      try {
        show((await get(rowPath("history", id))).changes.reverse(), FIRST);
      } catch (error) {
        fill(list, h("p", { class: "soft" }, error instanceof Refused ? error.message : "The log cannot be had now."));
      }
    },
  };
}

/** @param {{at: string, who: string, action: string, old: Record<string, unknown>, new: Record<string, unknown>}} change @param {number} place */
function entry({ at, who, action, old, new: now }, place) {
  const time = h("time", { datetime: at, title: at }, `${day(at)}, ${at.slice(11, 16)} UTC`);
  return h("details", { open: place === 0 }, h("summary", null, time, ` · ${words(action)} · `, h("span", { class: "soft" }, who)), changesTable(old, now, "No value became another."));
}
