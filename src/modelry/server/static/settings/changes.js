// What changed between two values, leaf by leaf: old -> new.

import { h } from "../dom.js";
import { plain, words } from "../text.js";

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
export function leaves(old, now, path = []) {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (!isNode(old) && !isNode(now)) return [{ path, old, new: now }];
  const [before, after] = [old, now].map((value) => /** @type {Record<string, unknown>} */ (isNode(value) ? value : {}));
  const left = !isNode(old) && old != null ? [{ path, old, new: undefined }] : [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return [...left, ...names.flatMap((name) => leaves(before[name], after[name], [...path, name]))];
}

/** `["pricing", "0", "input_per_token"]` -> `pricing › 1 › input per token`. @param {string[]} path */
const pathText = (path) => path.map((name) => (/^\d+$/.test(name) ? String(Number(name) + 1) : words(name))).join(" › ");

/**
 * A table of changes, or a word that there are none.
 * @param {Record<string, unknown>} old @param {Record<string, unknown>} now @param {string} [none]
 */
export function changesTable(old, now, none = "Nothing changes.") {
  const found = leaves(old, now);
  const isBook = (/** @type {Leaf} */ leaf) => BOOKS.includes(leaf.path[0]);
  const sorted = [...found.filter((leaf) => !isBook(leaf)), ...found.filter(isBook)];
  if (!sorted.length) return h("p", { class: "soft" }, none);
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain changes" },
      h("thead", null, h("tr", null, ["Field", "Old", "New"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, sorted.map((leaf) => h("tr", { class: isBook(leaf) ? "soft" : null }, h("th", { scope: "row" }, pathText(leaf.path)), h("td", { class: "old" }, plain(leaf.old)), h("td", null, plain(leaf.new))))),
    ),
  );
}
