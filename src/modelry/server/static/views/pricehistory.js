// The prices of a model by date: a plot where there were several, and the list of them.

import { h, head, plainTable } from "../dom.js";
import { steps } from "../plot/steps.js";
import { day, money, title } from "../text.js";
import { aligned, meterName, metersOf, meterUnit, rateNumber, rateText } from "./ratecard.js";

/** @typedef {import("./details.js").Details} Details */
/** @typedef {import("./details.js").Price} Price */
/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */
/** @typedef {import("../text.js").Per} Per */

const SHOWN = ["input_per_token", "output_per_token", "cached_input_per_token"];
const DAY = 86_400_000;

/** @param {Details} found @param {Per} per @param {Vocabulary} vocabulary */
export function priceHistory({ row, prices }, per, vocabulary) {
  const named = new Set(prices.flatMap(({ card }) => metersOf({ ...card, overrides: [] }, vocabulary)));
  const tokens = SHOWN.filter((meter) => named.has(meter));
  const meters = tokens.length ? tokens : [...named].slice(0, 3);
  const used = prices.filter((price) => price.in_use);
  return [used.length > 1 && plot(used, meters, per, vocabulary, row), list(prices, meters, per, vocabulary)];
}

/** @param {Price[]} used @param {string[]} meters @param {Per} per @param {Vocabulary} vocabulary @param {Record<string, any>} row */
function plot(used, meters, per, vocabulary, row) {
  const unit = meterUnit(meters[0], null, per, vocabulary);
  const alike = meters.filter((meter) => meterUnit(meter, null, per, vocabulary) === unit);
  const dated = used.flatMap(({ since }) => (since ? [Date.parse(since)] : []));
  const first = Math.min(dated[0] - 60 * DAY, Date.parse(row.release_date ?? "") || Infinity); // where "since ever" begins
  const { currency } = used[used.length - 1].card;
  const series = alike.map((meter) => ({
    name: meterName(meter, vocabulary),
    steps: used.map(({ since, card }) => ({ at: since ? Date.parse(since) : first, value: rateNumber(meter, card[meter], per, vocabulary) })),
  }));
  const changes = used.length === 2 ? "once" : `${used.length - 1} times`;
  return steps({
    series, title: `${currency} ${unit}`, format: (value) => money(Number(value.toPrecision(8)), currency),
    until: Math.max(Date.now(), ...dated.map((at) => at + 30 * DAY)),
    label: `Prices by date, changed ${changes} since ${day(new Date(Math.min(...dated)).toISOString())}; the list below says the same`,
  });
}

/** @param {Price[]} prices @param {string[]} meters @param {Per} per @param {Vocabulary} vocabulary */
function list(prices, meters, per, vocabulary) {
  const heads = meters.map((meter) => head([meterName(meter, vocabulary), h("small", null, meterUnit(meter, null, per, vocabulary))], true));
  const newest = prices.toReversed();
  const texts = meters.map((meter) => aligned(newest.map(({ card }) => rateText(meter, card[meter], per, vocabulary, card.currency))));
  const rows = newest.map((price, at) => {
    const { card } = price;
    const rates = texts.map((column) => h("td", { class: column[at] ? "num" : "num soft" }, column[at] ?? "–"));
    return h("tr", { class: price.in_use ? null : "unused" }, h("td", null, since(price), " ", marks(price)), h("td", null, until(price)), rates, h("td", null, sourceLink(card.source)));
  });
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Prices by date" },
    plainTable("dated", [head("Since"), head("Until"), ...heads, head("Source")], rows),
  );
}

/** @param {Price} price */
function since({ since, in_use, card }) {
  const seen = card.observed && `seen ${day(card.observed)}`;
  if (in_use && since === null) return h("span", null, "ever", seen && h("small", null, `, ${seen}`));
  return day(since ?? card.effective_from ?? card.observed ?? "not dated");
}

/** @param {Price} price */
function until({ until, since, in_use, card }) {
  if (!in_use) return card.correction ? "no price" : "corrected";
  if (until) return day(until);
  return since && Date.parse(since) > Date.now() ? "to come" : "now";
}

/** @param {Price} price */
const marks = ({ card, in_use }) => [
  card.correction && h("span", { class: "chip warn", title: "It mends an error; the price itself did not change" }, "correction"),
  !in_use && h("span", { class: "chip", title: "No call is priced by it" }, "not in use"),
];

/** A source as a link where it is one, by its host unless another name is given. @param {string | null | undefined} source @param {string} [name] */
export function sourceLink(source, name) {
  if (!source) return h("span", { class: "soft" }, "–");
  if (!/^https?:\/\//.test(source) || !URL.canParse(source)) return name ?? title(source);
  return h("a", { href: source, rel: "noopener noreferrer", target: "_blank", title: source }, name ?? new URL(source).host.replace(/^www\./, ""));
}
