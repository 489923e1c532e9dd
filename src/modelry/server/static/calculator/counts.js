// How much a call uses: for each bucket a slider for the size and a field for the number.

import { fill, h, unique } from "../dom.js";
import { count, title } from "../text.js";

/** @typedef {import("../catalogue.js").Vocabulary["meters"]} Meters */
/** @typedef {Record<string, number>} Counts by bucket */

const ALWAYS = ["input", "cached_input", "cache_write", "output", "reasoning"];

/** What belongs to a bucket and not to its neighbour: every token is counted once. @type {Record<string, string>} */
const MEANINGS = {
  input: "not from a cache",
  cached_input: "read from a cache",
  cache_write: "written to a cache",
  output: "without reasoning",
  reasoning: "thought before it answers",
};

/** Largest power of ten of a slider, and what a call uses where nobody said. @type {Record<string, [number, number]>} */
const SIZES = { token: [7, 1000], character: [7, 1000], pixel: [8, 1048576], second: [5, 60] };
const SIZE = /** @type {[number, number]} */ ([4, 1]);

const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

/** The numbers that a slider stops at: 0, the digits, then ten in every power of ten. @param {number} powers */
const stops = (powers) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...Array.from({ length: powers - 1 }, (_, power) => ROUND.map((one) => Math.round(one * 10 ** (power + 1)))).flat(), 10 ** powers];

/** @param {string} bucket @param {Meters} meters */
export const unitOf = (bucket, meters) => Object.values(meters).find((meter) => meter.bucket === bucket)?.unit ?? "";

/** `Input tokens`, `Output images`. @param {string} bucket @param {string} unit */
export const named = (bucket, unit) => (unit === "token" ? `${title(bucket)} tokens` : title(bucket));

/** The buckets that the prices of a row speak of, with conditions or without. @param {any} row @param {Meters} meters */
export function bucketsOf(row, meters) {
  const cards = row.pricing ?? [];
  const priced = [...cards, ...cards.flatMap((/** @type {any} */ card) => card.overrides ?? [])].flatMap(Object.keys);
  return new Set(priced.filter((meter) => meter in meters).map((meter) => meters[meter].bucket));
}

/**
 * The buckets to ask for, in the order of the vocabulary; and what a call uses where nobody said.
 * @param {any[]} rows @param {Meters} meters @param {Counts} counts what is set already
 * @returns {{buckets: string[], usual: Counts}}
 */
export function asked(rows, meters, counts) {
  const known = [...new Set(Object.values(meters).map((meter) => meter.bucket))];
  const isToken = (/** @type {string} */ bucket) => unitOf(bucket, meters) === "token";
  const sets = rows.map((row) => bucketsOf(row, meters)).filter((set) => set.size);
  const hasTokens = !sets.length || sets.some((set) => [...set].some(isToken));
  const shown = new Set([...(hasTokens ? ALWAYS : []), ...sets.flatMap((set) => [...set]), ...Object.keys(counts).filter((bucket) => counts[bucket])]);
  /** @type {Counts} */
  const usual = hasTokens ? { input: 1000, output: 500 } : {};
  for (const set of sets.filter((set) => ![...set].some(isToken))) {
    const first = known.find((bucket) => set.has(bucket)) ?? "";
    usual[first] = (SIZES[unitOf(first, meters)] ?? SIZE)[1];
  }
  const order = [...ALWAYS, ...known.filter((bucket) => !ALWAYS.includes(bucket))];
  return { buckets: order.filter((bucket) => shown.has(bucket)), usual };
}

/**
 * The sliders. `onchange` is told a bucket and its number.
 * @param {(bucket: string, number: number) => void} onchange
 */
export function sliders(onchange) {
  const element = h("div", { class: "sliders" });
  /** @type {Map<string, {set: (number: number) => void}>} */
  const made = new Map();
  let shown = "";

  /** @param {string} bucket @param {string} unit */
  function slider(bucket, unit) {
    const at = stops((SIZES[unit] ?? SIZE)[0]);
    const label = named(bucket, unit);
    const number = h("input", { type: "number", min: 0, step: unit === "second" || unit === "credit" || unit === "gb_day" ? "any" : 1, id: unique("count"), inputmode: "decimal" });
    const range = h("input", { type: "range", min: 0, max: at.length - 1, step: 1, "aria-label": `${label}, roughly` });
    const hint = h("small", { class: "soft", id: unique("hint") }, MEANINGS[bucket] ?? "");
    number.setAttribute("aria-describedby", hint.id);
    const slide = (/** @type {number} */ value) => {
      const place = at.findIndex((stop) => stop >= value);
      range.value = String(place < 0 ? at.length - 1 : place);
      range.setAttribute("aria-valuetext", count(value));
    };
    range.addEventListener("input", () => {
      const value = at[Number(range.value)];
      number.value = String(value);
      range.setAttribute("aria-valuetext", count(value));
      onchange(bucket, value);
    });
    number.addEventListener("input", () => {
      const value = number.value === "" ? 0 : Number(number.value);
      number.setAttribute("aria-invalid", String(!number.checkValidity()));
      if (!number.checkValidity()) return;
      slide(value);
      onchange(bucket, value);
    });
    made.set(bucket, {
      set(value) {
        if (document.activeElement !== number || Number(number.value) !== value) number.value = String(value);
        number.removeAttribute("aria-invalid");
        slide(value);
      },
    });
    return h("div", { class: "slider" }, h("label", { for: number.id }, label, " ", hint), number, range);
  }

  return {
    element,
    /** @param {string[]} buckets @param {Counts} counts @param {Meters} meters */
    show(buckets, counts, meters) {
      if (buckets.join() !== shown) {
        const had = element.contains(document.activeElement) ? document.activeElement?.id : null;
        made.clear();
        const [usual, further] = [true, false].map((isUsual) => buckets.filter((bucket) => ALWAYS.includes(bucket) === isUsual));
        const [first, rest] = [usual, further].map((some) => some.map((bucket) => slider(bucket, unitOf(bucket, meters))));
        const open = further.some((bucket) => counts[bucket]);
        fill(element, first, first.length > 1 && rest.length > 2 ? h("details", { open }, h("summary", null, `${rest.length} more that are charged`), rest) : rest);
        shown = buckets.join();
        if (had) document.getElementById(had)?.focus();
      }
      for (const [bucket, one] of made) one.set(counts[bucket] ?? 0);
    },
  };
}
