// The columns of the table: one row each. To add a column, add a row.

import { rate } from "./catalogue.js";
import { h, put } from "./dom.js";
import { address } from "./route.js";
import { count, day, money, short, title, tokenPrice, words } from "./text.js";

/** @typedef {import("./catalogue.js").Row} Row */
/** @typedef {import("./text.js").Per} Per */

/**
 * `sort` gives what rows are ordered by, null being last; `text` what stands in the cell and in a CSV. `make` and `show`
 * are for cells that are more than text: made once, then shown for one row after another.
 * @typedef {{key: string, label: string, width: string, num?: boolean, price?: boolean, sort: (row: Row) => string | number | null,
 *   text: (row: Row, per: Per) => string, hint?: string, make?: () => HTMLElement, show?: (cell: HTMLElement, row: Row) => void}} Column
 */

/** @param {string} key @param {string} label @param {string} meter @param {string} hint @returns {Column} */
const price = (key, label, meter, hint) => ({
  key, label, hint, width: "6.7rem", num: true, price: true,
  sort: (row) => rate(row, meter),
  text: (row, per) => {
    const one = rate(row, meter);
    return one === null ? "–" : one === 0 ? "free" : tokenPrice(one, per, row.currency);
  },
});

/** @param {string} key @param {string} label @param {(row: Row) => number | null} value @returns {Column} */
const size = (key, label, value) => ({
  key, label, width: "6.5rem", num: true, hint: "tokens", sort: value,
  text: (row) => {
    const tokens = value(row);
    return tokens === null ? "–" : limit(tokens);
  },
});

/** @param {number} tokens */
const limit = (tokens) => (tokens < 10_000 ? count(tokens) : short(tokens));

/** @param {string} key @param {string} label @param {(row: Row) => string | null} value @param {string} [width] @returns {Column} */
const text = (key, label, value, width = "8rem") => ({ key, label, width, sort: value, text: (row) => value(row) ?? "–" });

/** @param {string[]} list */
const listed = (list) => (list.length ? list.map(words).join(", ") : null);

/** What of a model's prices is not of plain text tokens: `$0.04 per image`. @param {Row} row */
function otherPrice(row) {
  for (const meter of Object.keys(row.rates)) {
    const [what, unit] = meter.split(/_?per_/);
    const one = rate(row, meter);
    if (unit !== "token" && one) return `${money(one, row.currency)} / ${words(unit)}${what ? ` ${words(what)}` : ""}`;
  }
  return null;
}

/** @type {Column[]} */
export const COLUMNS = [
  {
    key: "model", label: "Model", width: "minmax(14rem, 1.6fr)",
    sort: (row) => row.name.toLowerCase(), text: (row) => row.id,
    make: () => h("a", { tabindex: -1 }, h("b"), h("small")),
    show: (cell, row) => {
      const link = /** @type {HTMLAnchorElement} */ (cell.firstChild);
      link.setAttribute("href", address("model", row.id));
      put(/** @type {Node} */ (link.firstChild), row.name);
      put(/** @type {Node} */ (link.lastChild), row.id);
    },
  },
  text("provider", "Provider", (row) => row.provider),
  text("components", "Component", (row) => listed(row.components)),
  price("input", "Input", "input_per_token", "price of input"),
  price("output", "Output", "output_per_token", "price of output"),
  { ...price("cached", "Cached input", "cached_input_per_token", "price of input read from a cache"), width: "8.7rem" },
  text("other", "Other price", otherPrice, "12.5rem"),
  { ...size("context", "Context", (row) => row.context), hint: "tokens; ≥ where only the longest input is known", text: (row) => row.contextAs(limit) ?? "–" },
  size("max_output", "Most output", (row) => row.output),
  {
    key: "capabilities", label: "Can", width: "minmax(12rem, 2fr)",
    sort: (row) => -abilities(row).length || null, text: (row) => listed(abilities(row)) ?? "–",
    make: () => h("small"),
    show: (cell, row) => {
      const can = abilities(row);
      const more = can.length - FEW;
      put(/** @type {Node} */ (cell.firstChild), `${listed(can.slice(0, FEW)) ?? "–"}${more > 0 ? ` +${more}` : ""}`);
    },
  },
  text("takes", "Takes", (row) => listed(row.takes), "9rem"),
  text("gives", "Gives", (row) => listed(row.gives)),
  { ...text("released", "Released", (row) => row.released, "7.2rem"), text: (row) => (row.released ? day(row.released) : "–") },
  { ...text("ends", "Retires", (row) => row.ends, "7.2rem"), text: (row) => (row.ends ? day(row.ends) : "–") },
  text("status", "Status", (row) => row.status, "6.5rem"),
  text("open", "Open weights", (row) => (row.open === null ? null : row.open ? "yes" : "no"), "7.5rem"),
  text("verified", "Verified", (row) => (row.verified ? "yes" : null), "6rem"),
  text("base", "Base model", (row) => row.base, "13rem"),
];

export const USUAL = ["model", "input", "output", "cached", "context", "max_output", "capabilities", "released", "status"];
export const NARROW = ["model", "input", "output"];

/** Abilities that a cell names; the rest it counts. */
const FEW = 3;
const TOLD_FIRST = ["tools", "vision", "reasoning", "response_schema", "web_search", "audio", "pdf", "prompt_caching"];

/** What a model can do, what people ask for most first. @param {Row} row */
function abilities(row) {
  const can = Object.keys(row.capabilities).filter((name) => row.capabilities[name]);
  const place = (/** @type {string} */ name) => (TOLD_FIRST.indexOf(name) + 99) % 99;
  return can.sort((a, b) => place(a) - place(b));
}

/** The columns of these keys, in the order of the table. @param {string[]} keys */
export const chosenColumns = (keys) => COLUMNS.filter((column) => column.key === "model" || keys.includes(column.key));

/** The same columns as a telephone has room for them. @param {Column[]} columns */
export const narrowed = (columns) =>
  columns.map((column) => ({ ...column, width: column.key === "model" ? "minmax(9rem, 1fr)" : column.num ? "5.1rem" : column.width }));

/**
 * Rows in the order of a column. What is unknown comes last both ways; prices in other currencies come behind those in USD.
 * @param {Row[]} rows @param {string} key @param {boolean} descending
 */
export function ordered(rows, key, descending) {
  const column = COLUMNS.find((one) => one.key === key);
  if (!column) return rows;
  const way = descending ? -1 : 1;
  const valued = rows.map((row) => ({ row, value: column.sort(row), group: column.price && row.currency !== "USD" ? row.currency : "" }));
  valued.sort((a, b) => {
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    if (a.group !== b.group) return a.group < b.group ? -1 : 1;
    return a.value < b.value ? -way : a.value > b.value ? way : 0;
  });
  return valued.map(({ row }) => row);
}

/** The heading of a column in a file. @param {Column} column @param {Per} per */
export const heading = (column, per) => (column.price ? `${title(column.key)} USD per ${per === "1" ? "token" : `${per} tokens`}` : column.label);
