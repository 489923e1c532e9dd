// What rows are shown: read from the address, so that the same address shows the same rows to somebody else.

import { rate } from "./catalogue.js";
import { search } from "./search.js";

/** @typedef {import("./catalogue.js").Row} Row */

/**
 * One filter: how the address calls it, what it is called, and which rows pass a value. Of several values of `any` one
 * must fit, of `all` each. To add a filter, add a row.
 * @typedef {{key: string, label: string, of: "any" | "all" | "one", passes: (row: Row, value: string) => boolean,
 *   tell?: (value: string) => string}} Filter
 */

/** @param {string} value */
const perMillion = (value) => `$${value} per 1M`;

/** @type {Filter[]} */
export const FILTERS = [
  { key: "provider", label: "Provider", of: "any", passes: (row, value) => row.provider === value },
  { key: "component", label: "Component", of: "any", passes: (row, value) => row.components.includes(value) },
  { key: "capability", label: "Can", of: "all", passes: (row, value) => row.capabilities[value] === true },
  { key: "takes", label: "Takes", of: "all", passes: (row, value) => row.takes.includes(value) },
  { key: "gives", label: "Gives", of: "all", passes: (row, value) => row.gives.includes(value) },
  { key: "status", label: "Status", of: "any", passes: (row, value) => (row.status ?? "unknown") === value },
  { key: "min_price", label: "Input from", of: "one", passes: (row, value) => inputPrice(row) >= Number(value), tell: perMillion },
  { key: "max_price", label: "Input up to", of: "one", passes: (row, value) => inputPrice(row) <= Number(value), tell: perMillion },
  { key: "min_context", label: "Context from", of: "one", passes: (row, value) => (row.context ?? -1) >= Number(value), tell: (value) => `${value} tokens` },
  { key: "free", label: "Free", of: "one", passes: (row) => row.free },
  { key: "open", label: "Open weights", of: "one", passes: (row, value) => row.open === (value !== "no") },
  { key: "verified", label: "Verified", of: "one", passes: (row) => row.verified },
];

/** USD per 1M input tokens; NaN, which passes no comparison, where it is unknown or in another currency. @param {Row} row */
function inputPrice(row) {
  const price = row.currency === "USD" ? rate(row, "input_per_token") : null;
  return price === null ? NaN : Number((price * 1e6).toPrecision(12));
}

/**
 * The rows that pass what an address asks, the nearest to its words first.
 * @param {Row[]} rows @param {URLSearchParams} query
 * @returns {Row[]}
 */
export function filtered(rows, query) {
  const asked = FILTERS.map((filter) => ({ filter, values: query.getAll(filter.key).filter(Boolean) })).filter(({ values }) => values.length);
  const passing = asked.length ? rows.filter((row) => asked.every(({ filter, values }) => fits(filter, values, row))) : rows;
  return search(passing, query.get("q") ?? "");
}

/** @param {Filter} filter @param {string[]} values @param {Row} row */
const fits = (filter, values, row) =>
  filter.of === "any" ? values.some((value) => filter.passes(row, value)) : values.every((value) => filter.passes(row, value));

/** What of an address is about which rows are shown. @param {URLSearchParams} query */
export function filtersOf(query) {
  const own = new Set(["q", ...FILTERS.map((filter) => filter.key)]);
  return new URLSearchParams([...query].filter(([key, value]) => own.has(key) && value));
}
