// What else a price hangs on: the tier, the region, the moment, and the facts that the chosen models' cards ask for.

import { field, fill, h, unique } from "../dom.js";
import { title, words } from "../text.js";

/** @typedef {Record<string, string>} Facts `tier`, `region`, `day`, `time`, and facts by their names */

/** Facts that have a place of their own, or that are counted. */
const OWN = new Set(["service_tier", "region", "instant", "prompt_tokens"]);

/**
 * The values that conditions of these rows speak of, by fact; a number stands for a threshold.
 * @param {any[]} rows @param {import("../catalogue.js").Vocabulary["conditions"]} conditions
 * @returns {Map<string, Set<string | number>>}
 */
export function factsOf(rows, conditions) {
  /** @type {Map<string, Set<string | number>>} */
  const facts = new Map();
  const overrides = rows.flatMap((row) => row.pricing ?? []).flatMap((card) => card.overrides ?? []);
  for (const [key, value] of overrides.flatMap(({ when }) => [when].flat()).flatMap((when) => Object.entries(when))) {
    const fact = conditions[key]?.fact;
    if (!fact) continue;
    const values = facts.get(fact) ?? new Set();
    for (const one of [value].flat()) values.add(one);
    facts.set(fact, values);
  }
  return facts;
}

/**
 * The fields. `onchange` is told a fact and its value, empty where it is not known.
 * @param {(fact: string, value: string) => void} onchange
 */
export function conditionFields(onchange) {
  const element = h("div", { class: "fields" });
  let shown = "";

  /** @param {string} fact @param {Iterable<string | number>} values @param {string} chosen @param {string} otherwise */
  const choice = (fact, values, chosen, otherwise) =>
    h(
      "select",
      { onchange: (/** @type {Event} */ event) => onchange(fact, /** @type {HTMLSelectElement} */ (event.target).value) },
      h("option", { value: "" }, otherwise),
      [...new Set([...values, chosen].filter(Boolean).map(String))].map((value) => h("option", { value, selected: value === chosen }, words(value))),
    );

  /** @param {string} fact @param {string} type @param {string} value @param {Record<string, any>} [more] */
  const input = (fact, type, value, more) => h("input", { type, value, oninput: (/** @type {Event} */ event) => onchange(fact, /** @type {HTMLInputElement} */ (event.target).value), ...more });

  return {
    element,
    /** @param {any[]} rows @param {import("../catalogue.js").Vocabulary["conditions"]} conditions @param {Facts} facts @param {boolean} isPasted a response says the rest itself */
    show(rows, conditions, facts, isPasted) {
      const found = factsOf(rows, conditions);
      const look = JSON.stringify([[...found].map(([fact, values]) => [fact, ...values]), facts, isPasted]);
      if (look === shown || element.contains(document.activeElement)) return; // who fills one in keeps it
      shown = look;
      const tiers = found.get("service_tier") ?? [];
      const regions = unique("regions");
      const others = [...found].filter(([fact]) => !OWN.has(fact) && !isPasted);
      fill(
        element,
        field("Tier", choice("tier", tiers, facts.tier ?? "", "standard")),
        field("Region", input("region", "text", facts.region ?? "", { list: regions, placeholder: "not said", autocomplete: "off" })),
        h("datalist", { id: regions }, [...(found.get("region") ?? [])].map((value) => h("option", { value }))),
        field("Day of the call", input("day", "date", facts.day ?? ""), { hint: "Prices of that day; today where none is given." }),
        (found.has("instant") || facts.time) && field("Time (UTC)", input("time", "time", facts.time ?? ""), { hint: "Some of these prices hang on the hour; it counts together with the day." }),
        others.map(([fact, values]) =>
          field(
            title(fact),
            [...values].every((value) => typeof value === "number")
              ? input(fact, "number", facts[fact] ?? "", { min: 0, step: 1, placeholder: "not said" })
              : choice(fact, values, facts[fact] ?? "", "not said"),
          ),
        ),
      );
    },
    /** Let the next `show` draw everything. */
    forget() {
      shown = "";
    },
  };
}

/**
 * What POST /api/cost is told of these.
 * @param {Facts} facts @param {boolean} isPasted @param {Set<string>} counted facts that are numbers
 */
export function toldOf({ tier, region, day, time, ...others }, isPasted, counted) {
  const facts = Object.entries(others).filter(([, value]) => value);
  return {
    ...(tier && { service_tier: tier }),
    ...(region && { region }),
    ...(day && { at: time ? `${day}T${time}:00Z` : day }),
    ...(!isPasted && facts.length > 0 && { facts: Object.fromEntries(facts.map(([fact, value]) => [fact, counted.has(fact) ? Number(value) : value])) }),
  };
}
