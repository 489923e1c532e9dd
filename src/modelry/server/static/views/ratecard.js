// A rate card as people read it: meters and their units in words, conditions in words, and the table of both.

import { h, head, plainTable } from "../dom.js";
import { count, money, plain, PLACES, title, tokenPrice, words } from "../text.js";

/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */
/** @typedef {import("../text.js").Per} Per */
/** A rate of a card: of one unit, or of so many. @typedef {number | string | {amount: number, per: number} | null | undefined} Rate */

const NOT_METERS = new Set(["effective_from", "observed", "source", "correction", "currency", "overrides", "when", "replace", "multiply"]);

/** Units so small that a million of them is what one pays for. */
const SMALL = new Set(["character", "pixel"]);

/** The meters that a card, its overrides included, has, in the vocabulary's order. @param {Record<string, any>} card @param {Vocabulary} vocabulary */
export function metersOf(card, vocabulary) {
  const named = new Set([card, ...(card.overrides ?? [])].flatMap((part) => Object.keys(part)).filter((name) => !NOT_METERS.has(name)));
  return [...new Set([...Object.keys(vocabulary.meters).filter((meter) => named.has(meter)), ...named])];
}

/** `cached_input_per_token` -> `Cached input`; `per_page` -> `Pages`. @param {string} meter @param {Vocabulary} vocabulary */
export function meterName(meter, vocabulary) {
  const found = /^(.*?)_?per_/.exec(meter)?.[1];
  return title(found || (vocabulary.meters[meter]?.bucket ?? meter));
}

/** @param {string} meter @param {Vocabulary} vocabulary */
const unitOf = (meter, vocabulary) => vocabulary.meters[meter]?.unit ?? (/per_(.+)$/.exec(meter)?.[1] || "unit");

/** `per 1M tokens`, `per image`, `per hour`. @param {string} meter @param {Rate} rate @param {Per} per @param {Vocabulary} vocabulary */
export function meterUnit(meter, rate, per, vocabulary) {
  const unit = unitOf(meter, vocabulary);
  const many = rate && typeof rate === "object" ? rate.per : 1;
  if (unit === "token") return per === "1" ? "per token" : `per ${per} tokens`;
  if (SMALL.has(unit)) return `per 1M ${unit}s`;
  if (unit === "second" && many === 3600) return "per hour";
  return many === 1 ? `per ${words(unit)}` : `per ${count(many)} ${words(unit)}s`;
}

/**
 * A rate in its unit: `$2.50`, `free`; null where it is not known.
 * @param {string} meter @param {Rate} rate @param {Per} per @param {Vocabulary} vocabulary @param {string} [currency]
 */
export function rateText(meter, rate, per, vocabulary, currency) {
  if (rate === null || rate === undefined) return null;
  const amount = typeof rate === "object" ? rate.amount : rate;
  if (Number(amount) === 0) return "free";
  const unit = unitOf(meter, vocabulary);
  if (unit === "token") return tokenPrice(amount, per, currency);
  return SMALL.has(unit) ? tokenPrice(amount, "1M", currency) : money(amount, currency);
}

/**
 * Prices of a column, so that their points lie below each other: short ones are followed by blanks as wide as a digit.
 * @param {(string | null)[]} texts @param {boolean} [isColumn]
 */
export function aligned(texts, isColumn = true) {
  const places = texts.map((text) => /\.(\d+)$/.exec(text ?? "")?.[1].length);
  const most = Math.max(0, ...places.map((one) => one ?? 0));
  return texts.map((text, at) => (isColumn && text && places[at] ? text + "\u2007".repeat(most - places[at]) : text));
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Days in a row are told by the first and the last. @param {string[]} days */
function weekdays(days) {
  const at = days.map((one) => WEEK.indexOf(one));
  const isRow = days.length > 2 && at.every((one, n) => n === 0 || one === at[n - 1] + 1);
  return (isRow ? [days[0], days[days.length - 1]] : days).map(title).join(isRow ? "–" : ", ");
}

/** @param {any} value */
const either = (value) => [value].flat().map(plain).join(" or ");

/** @type {Record<string, (value: any) => string>} */
const SAID = {
  service_tier: (tier) => `${either(tier)} tier`,
  prompt_tokens_above: (tokens) => `prompt above ${count(tokens)} tokens`,
  prompt_tokens_from: (tokens) => `prompt from ${count(tokens)} tokens`,
  region: (region) => `region ${either(region)}`,
  region_not: (region) => `outside ${either(region)}`,
  utc_hours: (hours) => [hours].flat().filter((one) => one !== "00:00-00:00").map((one) => one.replace("-", "–")).join(", ").replace(/.$/, "$& UTC"),
  weekdays: (days) => weekdays([days].flat()),
  weekday_timezone: (zone) => `days of ${zone}`,
  resolution: either,
  image_size: (size) => either(size).replace(/(\d)x(\d)/g, "$1×$2"),
  image_quality: (quality) => `${either(quality)} quality`,
  steps: (steps) => `${either(steps)} steps`,
  commitment: (time) => `${either(time)} commitment`,
  speed: (speed) => `${either(speed)} speed`,
  cache_mode: (mode) => `${either(mode)} caching`,
  search_context_size: (size) => `${either(size)} search context`,
  results_above: (results) => `above ${count(results)} results`,
  endpoint: (endpoint) => `endpoint ${either(endpoint)}`,
};

/** When an override holds: `Batch tier, prompt above 200,000 tokens`. @param {Record<string, any>} when */
export function condition(when) {
  const said = Object.entries(when).map(([name, value]) => (SAID[name] ?? ((one) => `${words(name)} ${either(one)}`))(value));
  return said.filter(Boolean).join(", ").replace(/^./, (letter) => letter.toUpperCase()) || "Always";
}

/**
 * What a price is under an override: its own, the base's (`same`), a multiple of it, or, where token rates were replaced, none.
 * @param {string} meter @param {Record<string, any>} card @param {Record<string, any> | null} override null: the base itself
 * @returns {{rate: Rate, how: "own" | "same" | "times"}}
 */
function under(meter, card, override) {
  if (!override) return { rate: card[meter], how: "own" };
  if (meter in override) return { rate: override[meter], how: override.multiply && meter.endsWith("_per_token") ? "times" : "own" };
  if (override.replace && meter.endsWith("_per_token")) return { rate: null, how: "own" };
  return { rate: card[meter], how: override.multiply && meter.endsWith("_per_token") ? "times" : "same" };
}

const MOST_COLUMNS = 4;

/**
 * Meters down and conditions across; the other way where there are many conditions.
 * @param {Record<string, any>} card @param {Per} per @param {Vocabulary} vocabulary
 */
export function rateTable(card, per, vocabulary) {
  const meters = metersOf(card, vocabulary);
  /** @type {(Record<string, any> | null)[]} */
  const tiers = [null, ...(card.overrides ?? [])];
  const isTall = tiers.length > MOST_COLUMNS + 1;
  const meterHead = (/** @type {string} */ meter, /** @type {string} */ scope) => {
    const unit = meterUnit(meter, card[meter] ?? tiers.find((tier) => tier?.[meter])?.[meter], per, vocabulary);
    return h("th", { scope, class: scope === "col" && "num" }, meterName(meter, vocabulary), " ", h("small", null, unit));
  };
  const tierHead = (/** @type {Record<string, any> | null} */ tier, /** @type {string} */ scope) => {
    const meaning = Object.keys(tier?.when ?? {}).map((name) => vocabulary.conditions[name]?.meaning).filter(Boolean).join(" ");
    return h("th", { scope, class: scope === "col" && "num", title: meaning || null }, tier ? condition(tier.when ?? {}) : "Base price");
  };
  const texts = new Map(meters.map((meter) => [meter, aligned(tiers.map((tier) => rateText(meter, under(meter, card, tier).rate, per, vocabulary, card.currency)), isTall)]));
  const cell = (/** @type {string} */ meter, /** @type {number} */ at) => {
    const tier = tiers[at];
    const { how } = under(meter, card, tier);
    const text = texts.get(meter)?.[at] ?? null;
    if (text === null) return h("td", { class: "num soft", title: "No price is known" }, tier ? "–" : "unknown");
    if (how === "times") return h("td", { class: "num" }, `${text} × ${plain(tier?.multiply)}`);
    if (how === "same") return h("td", { class: "num soft", title: "As in the base price" }, text);
    return h("td", { class: text === "free" ? "num good" : "num" }, text);
  };
  const [heads, rows] = isTall
    ? [meters.map((meter) => meterHead(meter, "col")), tiers.map((tier, at) => [tierHead(tier, "row"), ...meters.map((meter) => cell(meter, at))])]
    : [tiers.map((tier) => tierHead(tier, "col")), meters.map((meter) => [meterHead(meter, "row"), ...tiers.map((_, at) => cell(meter, at))])];
  return plainTable("rates", [head(isTall ? "When" : "Meter"), ...heads], rows.map((row) => h("tr", null, row)), "Rate card");
}

/**
 * A rate in the unit of `rateText`, for the place of a point; null where it is not known.
 * @param {string} meter @param {Rate} rate @param {Per} per @param {Vocabulary} vocabulary
 */
export function rateNumber(meter, rate, per, vocabulary) {
  if (rate === null || rate === undefined) return null;
  const unit = unitOf(meter, vocabulary);
  const times = 10 ** PLACES[unit === "token" ? per : SMALL.has(unit) ? "1M" : "1"];
  return Number((Number(typeof rate === "object" ? rate.amount : rate) * times).toPrecision(12));
}
