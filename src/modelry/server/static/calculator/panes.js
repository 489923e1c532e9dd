// The panes of the calculator: how much a call uses, by bucket; under which conditions; what it costs, line by line, as the server says
// it (nothing here is computed but the month, and that by digits); and a provider's response, priced and taken over to the sliders.

import { Refused, post } from "../api.js";
import { arrange, button, field, fill, h, head, plainTable, unique } from "../dom.js";
import { prefs } from "../prefs.js";
import { address } from "../route.js";
import { about, count, day, money, shifted, title, words } from "../text.js";
import { sourceLink } from "../views/pricehistory.js";
import { meterUnit, metersOf, rateText } from "../views/ratecard.js";

/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */
/** @typedef {Record<string, number>} Counts by bucket */
/** @typedef {Record<string, string>} Facts `tier`, `region`, `day`, `time`, and facts by their names */

/** Buckets of every call with tokens, and what belongs to each and not to its neighbour: a token is counted once. @type {Record<string, string>} */
const ALWAYS = {
  input: "not from a cache",
  cached_input: "read from a cache",
  cache_write: "written to a cache",
  output: "without reasoning",
  reasoning: "thought before it answers",
};

/** Largest power of ten of a slider, and what a call uses where nobody said. @type {Record<string, [number, number]>} */
const SIZES = { token: [7, 1000], character: [7, 1000], pixel: [8, 1048576], second: [5, 60] };

/** @param {string} unit */
const sizeOf = (unit) => SIZES[unit] ?? [4, 1];

const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

/** The numbers that a slider stops at: the digits, ten in every further power of ten, and the last. @param {number} powers */
const stops = (powers) => [...Array(10).keys(), ...Array.from({ length: powers - 1 }, (_, power) => ROUND.map((one) => Math.round(one * 10 ** (power + 1)))).flat(), 10 ** powers];

/** The buckets that the prices of a row speak of, with conditions or without. @param {any} row @param {Vocabulary} vocabulary */
export const bucketsOf = (row, vocabulary) =>
  new Set((row.pricing ?? []).flatMap((/** @type {any} */ card) => metersOf(card, vocabulary)).flatMap((/** @type {string} */ meter) => vocabulary.meters[meter]?.bucket ?? []));

/**
 * The buckets to ask for with their units, in order; and what a call uses where nobody said.
 * @param {any[]} rows @param {Vocabulary} vocabulary @param {Counts} counts what is set already
 * @returns {{buckets: [string, string][], usual: Counts}}
 */
export function asked(rows, vocabulary, counts) {
  const units = new Map(Object.values(vocabulary.meters).map(({ bucket, unit }) => [bucket, unit]));
  const sets = rows.map((row) => [...bucketsOf(row, vocabulary)]).filter((set) => set.length);
  const isToken = (/** @type {string} */ bucket) => units.get(bucket) === "token";
  const hasTokens = !sets.length || sets.flat().some(isToken);
  const always = Object.keys(ALWAYS);
  const shown = new Set([...(hasTokens ? always : []), ...sets.flat(), ...Object.keys(counts).filter((bucket) => counts[bucket])]);
  /** @type {Counts} */
  const usual = hasTokens ? { input: 1000, output: 500 } : {};
  for (const set of sets) if (!set.some(isToken)) usual[set[0]] = sizeOf(units.get(set[0]) ?? "")[1];
  const order = new Set([...always, ...units.keys()]);
  return { buckets: [...order].filter((bucket) => shown.has(bucket)).map((bucket) => [bucket, units.get(bucket) ?? ""]), usual };
}

/**
 * For each bucket a slider for the size and a field for the number. `onchange` is told a bucket and its number.
 * @param {(bucket: string, number: number) => void} onchange
 */
export function sliders(onchange) {
  const top = h("div");
  const summary = h("summary");
  const rest = h("details", null, summary);
  /** The element of each bucket, and how it is set. @type {Map<string, {slider: HTMLElement, set: (number: number) => void}>} */
  const made = new Map();

  /** @param {string} bucket @param {string} unit */
  function make(bucket, unit) {
    const at = stops(sizeOf(unit)[0]);
    const label = title(bucket) + (unit === "token" ? " tokens" : "");
    const id = unique("count");
    const number = h("input", { type: "number", value: 0, min: 0, step: /second|credit|gb_day/.test(unit) ? "any" : 1, id, inputmode: "decimal", oninput: () => isFit() && told(Number(number.value)) });
    const range = h("input", { type: "range", max: at.length - 1, "aria-label": `${label}, roughly`, oninput: () => told(at[Number(range.value)]) });
    const isFit = () => {
      number.setAttribute("aria-invalid", String(!number.checkValidity()));
      return number.checkValidity();
    };
    const set = (/** @type {number} */ value) => {
      if (Number(number.value) !== value) number.value = String(value);
      isFit();
      range.value = String(at.findLastIndex((stop) => stop <= value));
      range.setAttribute("aria-valuetext", count(value));
    };
    const told = (/** @type {number} */ value) => (set(value), onchange(bucket, value));
    return { slider: h("div", { class: "slider" }, h("label", { for: id }, label, " ", h("small", null, ALWAYS[bucket])), number, range), set };
  }

  return {
    element: h("div", { class: "sliders" }, top, rest),
    /** @param {[string, string][]} buckets @param {Counts} counts */
    show(buckets, counts) {
      for (const [bucket, unit] of buckets) if (!made.has(bucket)) made.set(bucket, make(bucket, unit));
      const [first, further] = [true, false].map((isUsual) => buckets.map(([bucket]) => bucket).filter((bucket) => bucket in ALWAYS === isUsual));
      const sliderOf = (/** @type {string} */ bucket) => /** @type {any} */ (made.get(bucket)).slider;
      rest.hidden = !further.length;
      summary.hidden = !first.length || further.length < 3;
      summary.textContent = `${further.length} more that are charged`;
      arrange(top, first.map(sliderOf));
      if (arrange(rest, [summary, ...further.map(sliderOf)])) rest.open = summary.hidden || further.some((bucket) => counts[bucket]);
      for (const [bucket, { set }] of made) set(counts[bucket] ?? 0);
    },
  };
}

/** Facts that have a place of their own, or that are counted. */
const OWN = ["service_tier", "region", "instant", "prompt_tokens"];

/**
 * The values that conditions of these rows speak of, by fact; a number stands for a threshold.
 * @param {any[]} rows @param {Vocabulary} vocabulary
 */
function factsOf(rows, { conditions }) {
  /** @type {Map<string, Set<string | number>>} */
  const facts = new Map();
  const overrides = rows.flatMap((row) => row.pricing ?? []).flatMap((card) => card.overrides ?? []);
  for (const [key, value] of overrides.flatMap(({ when }) => when).flatMap((when) => Object.entries(when))) {
    const fact = conditions[key]?.fact;
    if (fact) facts.set(fact, new Set([...(facts.get(fact) ?? []), value].flat()));
  }
  return facts;
}

/**
 * The fields of the conditions: the tier, the region, the moment, and what the chosen models' cards ask for. `onchange` is told a fact
 * and its value, empty where it is not known.
 * @param {(fact: string, value: string) => void} onchange
 */
export function conditionFields(onchange) {
  const element = h("div", { class: "fields" });

  return {
    element,
    /** @param {any[]} rows @param {Vocabulary} vocabulary @param {Facts} facts @param {boolean} isPasted a response says the rest itself */
    show(rows, vocabulary, facts, isPasted) {
      if (element.contains(document.activeElement)) return; // who fills one in keeps it
      const found = factsOf(rows, vocabulary);
      const list = unique("regions");
      /** @param {string} fact @param {Record<string, any>} props */
      const input = (fact, props) => {
        const made = h("input", { value: facts[fact] ?? "", placeholder: "not said", oninput: () => onchange(fact, made.value), ...props });
        return made;
      };
      /** @param {string} fact @param {Iterable<string | number>} values @param {string} otherwise */
      const choice = (fact, values, otherwise) => {
        const known = new Set([...values, facts[fact]].filter(Boolean).map(String));
        const made = h("select", { onchange: () => onchange(fact, made.value) }, h("option", { value: "" }, otherwise), [...known].map((value) => h("option", { value, selected: value === facts[fact] }, words(value))));
        return made;
      };
      fill(
        element,
        field("Tier", choice("tier", found.get("service_tier") ?? [], "standard")),
        field("Region", input("region", { list, autocomplete: "off" })),
        h("datalist", { id: list }, [...(found.get("region") ?? [])].map((value) => h("option", { value }))),
        field("Day of the call", input("day", { type: "date" }), { hint: "Prices of that day; today where none is given." }),
        (found.has("instant") || facts.time) && field("Time (UTC)", input("time", { type: "time" }), { hint: "Some of these prices hang on the hour; it counts together with the day." }),
        [...found].filter(([fact]) => !isPasted && !OWN.includes(fact)).map(([fact, values]) => field(title(fact), [...values].every((value) => typeof value === "number") ? input(fact, { type: "number", min: 0 }) : choice(fact, values, "not said"))),
      );
    },
  };
}

/** The moment of a call; "" where none is said. @param {Facts} facts */
export const moment = ({ day, time }) => (day && time ? `${day}T${time}:00Z` : (day ?? ""));

/** What POST /api/cost is told of these. @param {Facts} facts @param {boolean} isPasted */
export function toldOf({ tier, region, day, time, ...others }, isPasted) {
  const at = moment({ day, time });
  const facts = Object.entries(others).filter(([, value]) => value && !isPasted);
  return {
    ...(tier && { service_tier: tier }),
    ...(region && { region }),
    ...(at && { at }),
    facts: Object.fromEntries(facts.map(([fact, value]) => [fact, /^\d+$/.test(value) ? Number(value) : value])),
  };
}

// The cost

/** @typedef {Record<string, any>} Estimate what POST /api/cost answers */
/** @typedef {{calls: number, period: "day" | "month"}} Volume of which each day has the same */

export const DAYS = 30;
const LONGEST = 13;

/** A decimal number times a whole one, as text. @param {number | string} amount @param {number} factor */
export function times(amount, factor) {
  const digits = shifted(amount);
  const places = digits.split(".")[1]?.length ?? 0;
  return shifted(String(BigInt(digits.replace(".", "")) * BigInt(factor)), -places);
}

/** The cost of a month as text, null where that of a call is not known. @param {Estimate} estimate @param {Volume} volume */
export const ofMonth = ({ total_cost: total }, { calls, period }) => (total === null || !calls ? null : times(total, calls * (period === "day" ? DAYS : 1)));

/** An amount in a length that can be read; all its digits are in its title. @param {number | string} amount @param {string} currency */
function amountOf(amount, currency) {
  const exact = money(amount, currency);
  return exact.length > LONGEST ? h("span", { title: exact }, about(amount, currency)) : exact;
}

/** `$2.50 / 1M`, `$0.04 / image`. @param {any} line @param {string} currency @param {Vocabulary} vocabulary */
const rateOf = ({ meter, rate }, currency, vocabulary) =>
  `${rateText(meter, rate, prefs.per, vocabulary, currency)} ${meterUnit(meter, rate, prefs.per, vocabulary).replace(/^per (.+?)( tokens)?$/, "/ $1")}`;

/** @param {number} number */
const quantity = (number) => shifted(number).replace(/^\d+/, (whole) => count(Number(whole)));

/**
 * The card of one model; `counts` is what was asked for, to tell how much has no price.
 * @param {Estimate} estimate
 * @param {{vocabulary: Vocabulary, volume: Volume, counts?: Record<string, number>, more?: import("../dom.js").Child[]}} how
 */
export function resultCard(estimate, { vocabulary, volume, counts = {}, more = [] }) {
  const { currency, model, lines, unpriced, total_cost: total, warnings, reported } = estimate;
  const month = ofMonth(estimate, volume);
  const sum = (/** @type {string} */ per, /** @type {number | string} */ amount) => h("p", { class: per }, !estimate.complete && h("small", null, "at least "), h("b", null, amountOf(amount, currency)), h("small", null, per === "month" ? " a month" : " a call"));
  const cell = (/** @type {import("../dom.js").Child} */ child) => h("td", { class: "num" }, child);
  return h(
    "article",
    { class: "card result", "aria-label": model },
    h("header", null, h("h3", null, h("a", { href: address("model", model) }, model)), total === null ? h("p", { class: "warn" }, "price unknown") : sum("total", total), month !== null && sum("month", month)),
    h(
      "div",
      { class: "scroll" },
      plainTable("", ["Meter", "Quantity", "Rate", "Amount"].map((name, at) => head(name, at > 0)), [
        ...lines.map((/** @type {any} */ line) =>
          h(
            "tr",
            null,
            h("td", null, title(vocabulary.meters[line.meter].bucket), line.assumed && h("span", { class: "chip warn", title: "The card does not say this rate for this call; another one stands in." }, "assumed")),
            cell(quantity(line.quantity)),
            cell(rateOf(line, currency, vocabulary)),
            cell(amountOf(line.amount, currency)),
          ),
        ),
        ...unpriced.map((/** @type {string} */ bucket) => h("tr", null, h("td", null, title(bucket)), cell(bucket in counts ? quantity(counts[bucket]) : "–"), h("td", { class: "num warn", colspan: 2 }, "no price is known"))),
        !lines.length && !unpriced.length && h("tr", null, h("td", { colspan: 4, class: "soft" }, "Nothing is used, so nothing is charged.")),
      ]),
    ),
    warnings.length > 0 && h("ul", { class: "note warn" }, warnings.map((/** @type {string} */ warning) => h("li", null, warning))),
    reported !== null && h("p", null, "The provider itself says ", h("b", null, money(reported, currency)), "."),
    h("p", { class: "hint" }, facts(estimate)),
    ...more,
  );
}

/** Which card was used. @param {Estimate} estimate @returns {import("../dom.js").Child[]} */
function facts({ service_tier: tier, region, effective_from: since, source, resolution }) {
  const told = [
    resolution.asked !== resolution.id && `read from “${resolution.asked}” (${words(resolution.method)})`,
    `${title(tier ?? "standard")} tier`,
    region && `region ${region}`,
    since && `prices since ${day(since)}`,
  ];
  return [told.filter(Boolean).join(" · "), ...(source ? [" · ", sourceLink(source)] : [])];
}

// A response

const WAIT = 250;

const EXAMPLE = {
  object: "chat.completion", model: "gpt-4o-2024-08-06",
  usage: { prompt_tokens: 5000, completion_tokens: 500, prompt_tokens_details: { cached_tokens: 4000 } },
};

/** What was pasted: JSON, or the lines of an event stream. Raises SyntaxError. @param {string} text */
function read(text) {
  const events = /^\s*[{[]/.test(text) ? null : text.match(/^data: *\{.*$/gm);
  return events ? events.map((line) => JSON.parse(line.slice(5))) : JSON.parse(text);
}

/**
 * The pane. `told` gives what else the price hangs on; `ontake` is told what can be taken over.
 * @param {import("../main.js").App} app
 * @param {{told: () => object, volume: () => Volume, ontake: (id: string, counts: Record<string, number>) => void}} how
 */
export function pastePane(app, { told, volume, ontake }) {
  const text = h("textarea", { spellcheck: "false", rows: 14, oninput: soon, placeholder: '{"model": "…", "usage": {…}}' });
  const provider = h("select", { onchange: price });
  const model = h("input", { autocomplete: "off", spellcheck: "false", oninput: soon });
  const result = h("div", { class: "stack" });
  const form = h(
    "div",
    { class: "stack" },
    field("Response (JSON)", text, { hint: "A response, its usage alone, or the events of a stream. It goes to this server and no further." }),
    h("div", { class: "row" }, button("Fill in an example", () => ((text.value = JSON.stringify(EXAMPLE, null, 2)), price()), "quiet")),
    field("Provider", provider, { hint: "Who served it, where the response does not show it." }),
    field("Model", model, { hint: "Where the response does not say it." }),
  );
  let waiting = 0;
  let asking = new AbortController();
  /** @type {any} */
  let estimate = null;

  function soon() {
    clearTimeout(waiting);
    waiting = window.setTimeout(price, WAIT);
  }

  async function price() {
    clearTimeout(waiting);
    asking.abort();
    const { signal } = (asking = new AbortController());
    text.removeAttribute("aria-invalid");
    if (!text.value.trim()) {
      estimate = null;
      return fill(result, h("p", { class: "empty" }, "Paste a response to see what it cost."));
    }
    try {
      estimate = await post("/api/cost", { response: read(text.value), provider: provider.value || null, model: model.value.trim() || null, ...told() }, { signal });
      show();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SyntaxError) refuse(`This is no JSON: ${error.message}`);
      else if (error instanceof Refused) refuse(error.message, error.suggestions);
      // else it is away: the page says so, and what was read stays
    }
  }

  /** @param {string} why @param {string[]} [names] */
  function refuse(why, names = []) {
    estimate = null;
    text.setAttribute("aria-invalid", "true");
    const choices = names.map((name) => button(name, () => ((model.value = name), price())));
    fill(result, h("p", { class: "note bad", role: "alert" }, why), choices.length > 0 && h("p", { class: "row" }, "Model: ", choices));
  }

  /** Draw what is known, again where the unit of prices or the volume is another. */
  function show() {
    if (!estimate) return;
    const { vocabulary } = app.catalogue;
    const { model: id, lines, unpriced } = estimate;
    const counts = Object.fromEntries(lines.map((/** @type {any} */ line) => [vocabulary.meters[line.meter].bucket, line.quantity]));
    const take = button("Take over to the sliders", () => ontake(id, counts), "primary");
    const lost = unpriced.length > 0 && h("p", { class: "hint" }, `Not taken over: ${unpriced.join(", ")}.`);
    fill(result, resultCard(estimate, { vocabulary, volume: volume(), more: [h("div", { class: "row" }, take), lost] }));
  }

  return {
    form,
    result,
    price,
    show,
    /** Fill in the choice of providers. */
    showProviders() {
      const chosen = provider.value;
      const ids = [...new Set(app.catalogue.rows.map((row) => row.provider))].sort();
      fill(provider, h("option", { value: "" }, "as the response shows"), ids.map((id) => h("option", { selected: id === chosen }, id)));
    },
  };
}
