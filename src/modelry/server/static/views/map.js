// Where models stand: price against size or age, for the rows that the catalogue's filters let through.

import { rate } from "../catalogue.js";
import { fill, h, segments } from "../dom.js";
import { FILTERS, filtered, filtersOf } from "../filter.js";
import { GROUPS, Scatter } from "../plot/scatter.js";
import { prefs } from "../prefs.js";
import { address, go } from "../route.js";
import { count, day, money, PLACES, short, tokenPrice } from "../text.js";

/** @typedef {import("../catalogue.js").Row} Row */
/** @typedef {import("../main.js").App} App */
/** @typedef {import("../plot/scatter.js").Axis} Axis */

/** A blend of three tokens in and one out, as many calls have them. @param {Row} row */
const blended = (row) => {
  const [input, output] = [rate(row, "input_per_token"), rate(row, "output_per_token")];
  return input === null || output === null ? null : (3 * input + output) / 4;
};

/** @type {Record<string, {label: string, of: (row: Row) => number | null}>} */
const PRICES = {
  input: { label: "Input", of: (row) => rate(row, "input_per_token") },
  output: { label: "Output", of: (row) => rate(row, "output_per_token") },
  blended: { label: "Blended 3:1", of: blended },
};

/** @param {string | null} date */
const instant = (date) => (date ? Date.parse(date) || null : null);

/** @type {Record<string, Axis & {label: string, missing: string, of: (row: Row) => number | null}>} */
const AGAINST = {
  context: { label: "Context", title: "Context, tokens, log scale", missing: "context", kind: "log", format: short, of: (row) => row.context || null },
  output: { label: "Longest output", title: "Longest output, tokens, log scale", missing: "limit of output", kind: "log", format: short, of: (row) => row.output || null },
  released: { label: "Release", title: "Release date", missing: "release date", kind: "time", format: (ms) => day(new Date(ms).toISOString().slice(0, 7)), of: (row) => instant(row.released) },
};

/** @param {App} app @param {(choices: Record<string, string>) => void} keep */
export function createMap(app, keep) {
  const scatter = new Scatter();
  const controls = h("div", { class: "row" });
  const told = h("p", { class: "soft" });
  const left = h("p", { class: "hint" });
  const element = h("section", { class: "card map", "aria-label": "Prices of all" }, h("div", { class: "row head" }, h("h2", null, "Where they stand"), controls), told, scatter.element, left);

  /** @param {URLSearchParams} query @param {string[]} chosen */
  function show(query, chosen) {
    const price = query.get("y") ?? "";
    const against = query.get("x") ?? "";
    const [y, x] = [PRICES[price] ?? PRICES.blended, AGAINST[against] ?? AGAINST.context];
    const isLinear = query.get("scale") === "linear";
    const asked = filtersOf(query);
    const rows = filtered(app.catalogue.rows, asked);
    const others = chosen.flatMap((id) => app.catalogue.byId.get(id) ?? []).filter((row) => !rows.includes(row));
    const { dots, names, missing } = placed([...rows, ...others], x, y, chosen);
    const label = `${y.label} price against ${x.label.toLowerCase()} of ${count(dots.length)} models`;
    const unit = prefs.per === "1" ? "token" : `${prefs.per} tokens`;
    const title = `${y.label} price, USD per ${unit}${isLinear ? "" : ", log scale"}`;
    const format = (/** @type {number} */ value) => money(Number(value.toPrecision(8))).replace(/\.00$/, "");
    scatter.show({ dots, names, marked: chosen, x, y: { kind: isLinear ? "linear" : "log", title, format }, tell, open: (dot) => go(address("model", dot.id)) }, label);
    scatter.element.hidden = !dots.length;
    showControls(y, x, isLinear);
    fill(told, describe(asked, rows.length, query));
    fill(left, leftOut(missing, x.missing, dots.length));
  }

  /** @param {object} y @param {object} x @param {boolean} isLinear */
  function showControls(y, x, isLinear) {
    if (controls.contains(document.activeElement)) return; // who works them by keyboard stays where they are
    const choices = (/** @type {Record<string, {label: string}>} */ all) => Object.entries(all).map(([key, one]) => /** @type {[string, string]} */ ([key, one.label]));
    const key = (/** @type {Record<string, object>} */ all, /** @type {object} */ of) => Object.keys(all).find((name) => all[name] === of) ?? "";
    fill(
      controls,
      segments("Price", choices(PRICES), key(PRICES, y), (y) => keep({ y })),
      segments("Against", choices(AGAINST), key(AGAINST, x), (x) => keep({ x })),
      segments("Scale of prices", [["", "Log"], ["linear", "Linear"]], isLinear ? "linear" : "", (scale) => keep({ scale })),
    );
  }

  /** @param {import("../plot/scatter.js").Dot} dot */
  function tell({ id }) {
    const row = /** @type {Row} */ (app.catalogue.byId.get(id));
    const price = (/** @type {string} */ meter) => {
      const found = rate(row, meter);
      return found === null ? "unknown" : found === 0 ? "free" : tokenPrice(found, prefs.per, row.currency);
    };
    const unit = prefs.per === "1" ? "per token" : `per ${prefs.per}`;
    return [
      row.name, id, `${price("input_per_token")} in, ${price("output_per_token")} out, ${unit}`,
      `${row.contextAs(count) ?? "unknown"} context`, row.released && `released ${day(row.released)}`,
    ].filter((text) => typeof text === "string");
  }

  return { element, show };
}

/**
 * Rows as dots, each with its provider's group: those with most models have a look of their own.
 * @param {Row[]} rows @param {typeof AGAINST[string]} x @param {typeof PRICES[string]} y @param {string[]} chosen
 */
function placed(rows, x, y, chosen) {
  const missing = { price: 0, x: 0, currency: 0 };
  const seen = rows.flatMap((row) => {
    const [at, price] = [x.of(row), y.of(row)];
    if (price === null) missing.price++;
    else if (row.currency !== "USD") missing.currency++;
    else if (at === null) missing.x++;
    else return [{ row, x: at, y: Number((price * 10 ** PLACES[prefs.per]).toPrecision(12)) }];
    return [];
  });
  const counts = new Map();
  for (const { row } of seen) counts.set(row.provider, (counts.get(row.provider) ?? 0) + 1);
  const frequent = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one) || one.localeCompare(other));
  const own = frequent.slice(0, frequent.length > GROUPS ? GROUPS - 1 : GROUPS);
  const names = frequent.length > own.length ? [...own, "others"] : own;
  const groups = new Map(own.map((name, at) => [name, at]));
  const dots = seen.map(({ row, x, y }) => ({ id: row.id, label: chosen.includes(row.id) ? row.name : row.id, x, y, group: groups.get(row.provider) ?? own.length }));
  return { dots, names, missing };
}

/** What is plotted, in words. @param {URLSearchParams} asked @param {number} number @param {URLSearchParams} query */
function describe(asked, number, query) {
  if (![...asked].length) return [`All ${count(number)} models. `, h("a", { href: address("catalogue") }, "Filter them in the catalogue")];
  const told = [...asked].map(([key, value]) => {
    const filter = FILTERS.find((one) => one.key === key);
    return filter ? `${filter.label.toLowerCase()} ${filter.tell ? filter.tell(value) : value}` : `“${value}”`;
  });
  const rest = new URLSearchParams([...query].filter(([key]) => !asked.has(key)));
  return [`${count(number)} models: ${told.join(", ")}. `, h("a", { href: address("catalogue", "", asked) }, "Change"), " · ", h("a", { href: address("compare", "", rest) }, "Plot all")];
}

/** @param {{price: number, x: number, currency: number}} missing @param {string} name @param {number} shown */
function leftOut(missing, name, shown) {
  const parts = [
    missing.price && `${count(missing.price)} without a known price per token`,
    missing.x && `${count(missing.x)} without a known ${name}`,
    missing.currency && `${count(missing.currency)} in other currencies than USD`,
  ].filter(Boolean).join(", ");
  if (!shown) return `Nothing can be plotted${parts && ": "}${parts}.`;
  return `${count(shown)} are shown${parts && "; not shown: "}${parts}. Equal models lie on one point.`;
}
