// What a call costs: how much of what, or a provider's response; on which models; by line, as bars, and for a month.
//
//   address <──> state ──> POST /api/cost, once for each model ──> estimates ──> bars, cards

import { Refused, Unreachable, connection, get, post, rowPath } from "../api.js";
import { asked, bucketsOf, sliders } from "../calculator/counts.js";
import { conditionFields, factsOf, toldOf } from "../calculator/conditions.js";
import { pastePane } from "../calculator/paste.js";
import { meterName, ofMonth, resultCard } from "../calculator/result.js";
import { modelBox } from "../combobox.js";
import { field, fill, h, say, segments } from "../dom.js";
import { bars } from "../plot/bars.js";
import { DAYS } from "../calculator/volume.js";
import { MOST_COMPARED, prefs } from "../prefs.js";
import { address, note, route } from "../route.js";
import { about } from "../text.js";

const WAIT = 120;
const QUIET = 900;

/** @type {["day" | "month", string][]} */
const PERIODS = [["day", "a day"], ["month", "a month"]];

/** Words of the address that are not buckets. */
const FACTS = ["tier", "region", "day", "time"];
const OTHERS = new Set(["ids", "by", "calls", "period", "at", ...FACTS]);

/**
 * @typedef {{ids: string[], counts: Record<string, number> | null, facts: import("../calculator/conditions.js").Facts,
 *   calls: number, period: "day" | "month", isPasted: boolean}} State `counts` null: nobody said, so what is usual
 */

/** @typedef {{id: string, estimate?: any, error?: Refused}} Answer */

/** @param {import("../main.js").App} app @returns {import("../main.js").View} */
export function create(app) {
  /** @type {State} */
  let state = { ids: [], counts: null, facts: {}, calls: 1000, period: "day", isPasted: false };
  /** @type {Map<string, any>} rows with all that their prices hang on; null where there is none such */
  let known = new Map();
  /** @type {Answer[]} */
  let answers = [];
  let isShown = false;
  let waiting = 0;
  let telling = 0;
  let asking = new AbortController();

  const box = modelBox(app, { label: "Add a model", onchoose: add });
  const chips = h("ul", { class: "chips", "aria-label": "Models" });
  const full = h("p", { class: "hint", hidden: true }, `${MOST_COMPARED} models are the most; leave one to add another.`);
  const usage = sliders((bucket, number) => {
    state.counts = { ...countsNow(), [bucket]: number };
    changed();
  });
  const conditions = conditionFields((fact, value) => {
    state.facts = { ...state.facts, [fact]: value };
    changed();
  });
  const paste = pastePane(app, { told: () => toldOf(state.facts, true, counted()), volume: () => state, ontake: take });
  const calls = h("input", { type: "number", min: 0, step: 1, inputmode: "numeric", oninput: () => setVolume() });
  const period = h("div");
  const mode = h("div");
  const counts = h("section", { class: "card", "aria-label": "Usage of a call" }, mode, usage.element, paste.form);
  const chart = bars({ title: "Cost of a call" });
  const apart = h("p", { class: "hint", hidden: true });
  const cards = h("div", { class: "results" });
  const outcome = h("section", { class: "stack outcome", "aria-label": "Cost" }, h("div", { class: "card chart", hidden: true }, chart.element, apart), cards, paste.result);
  const models = h("section", { class: "card", "aria-label": "Models" }, box.element, chips, full);
  const element = h(
    "div",
    { class: "page calculator" },
    h("h1", null, "What a call costs"),
    h(
      "div",
      { class: "asking" },
      h(
        "div",
        { class: "stack asked" },
        models,
        counts,
        h("section", { class: "card", "aria-label": "Conditions" }, h("h2", null, "Under which conditions"), conditions.element),
        h("section", { class: "card", "aria-label": "Volume" }, h("h2", null, "How many calls"), h("div", { class: "row volume" }, field("Calls", calls), period), h("p", { class: "hint" }, `A month has ${DAYS} days here, and every call uses the same.`)),
      ),
      outcome,
    ),
  );

  // State

  /** @param {URLSearchParams} query */
  function takeUp(query) {
    if (![...query].length) state.ids = prefs.chosen.length ? prefs.chosen : state.ids;
    else state = read(query, app.catalogue.vocabulary.meters);
    fill(period, segments("Calls in", PERIODS, state.period, (chosen) => ((state.period = chosen), changed({ isNew: false }))));
    fill(mode, segments("Usage", [[false, "By sliders"], [true, "From a response"]], state.isPasted, (chosen) => ((state.isPasted = chosen), changed())));
    calls.value = String(state.calls);
    conditions.forget();
  }

  function setVolume() {
    calls.setAttribute("aria-invalid", String(!calls.checkValidity()));
    if (!calls.checkValidity()) return;
    state.calls = Number(calls.value);
    changed({ isNew: false });
  }

  /** @param {string} id */
  function add(id) {
    if (!state.ids.includes(id) && state.ids.length < MOST_COMPARED) state.ids = [...state.ids, id];
    changed();
  }

  /** @param {string} id @param {string} [instead] */
  function leave(id, instead) {
    state.ids = state.ids.flatMap((one) => (one === id ? (instead ?? []) : one));
    changed();
    box.input.focus();
  }

  /** @param {string} id @param {Record<string, number>} found */
  function take(id, found) {
    const ids = state.ids.includes(id) ? state.ids : [id, ...state.ids].slice(0, MOST_COMPARED);
    state = { ...state, ids, counts: found, isPasted: false };
    note(address("calculator", "", written(state)));
    takeUp(route().query);
    changed();
    element.querySelector("input")?.focus();
    say("The usage was taken over to the sliders.");
  }

  /** After any change: the address, the fields, and the costs, unless only their month is another. */
  function changed({ isNew = true } = {}) {
    note(address("calculator", "", written(state)));
    draw();
    if (isNew) price();
    else drawAnswers();
  }

  // Rows

  const rows = () => state.ids.map((id) => known.get(id)).filter(Boolean);
  const counted = () => new Set([...factsOf(rows(), app.catalogue.vocabulary.conditions)].filter(([, values]) => [...values].every((value) => typeof value === "number")).map(([fact]) => fact));
  const countsNow = () => state.counts ?? asked(rows(), app.catalogue.vocabulary.meters, {}).usual;

  /** @param {AbortSignal} signal */
  async function learn(signal) {
    const unknown = state.ids.filter((id) => !known.has(id));
    const found = await Promise.all(unknown.map((id) => get(rowPath("id", id), { signal }).catch((error) => (error instanceof Refused ? null : Promise.reject(error)))));
    unknown.forEach((id, at) => known.set(id, found[at]));
    if (unknown.length) draw();
  }

  // Costs

  function price() {
    clearTimeout(waiting);
    asking.abort();
    if (state.isPasted) return void (drawAnswers(), paste.price());
    waiting = window.setTimeout(askAll, WAIT);
  }

  async function askAll() {
    asking = new AbortController();
    const { signal } = asking;
    cards.setAttribute("aria-busy", "true");
    try {
      await learn(signal);
      const used = Object.fromEntries(Object.entries(countsNow()).filter(([, number]) => number));
      const told = toldOf(state.facts, false, counted());
      const found = await Promise.all(state.ids.map((id) => costOf(id, used, told, signal)));
      answers = found;
      drawAnswers();
      tell();
    } catch (error) {
      if (!signal.aborted && !(error instanceof Unreachable)) throw error; // away: the page says so, and what was known stays
    } finally {
      if (!signal.aborted) cards.removeAttribute("aria-busy");
    }
  }

  /** @param {string} id @param {Record<string, number>} used @param {object} told @param {AbortSignal} signal @returns {Promise<Answer>} */
  async function costOf(id, used, told, signal) {
    try {
      return { id, estimate: await post("/api/cost", { model: id, usage: used, ...told }, { signal }) };
    } catch (error) {
      if (error instanceof Refused) return { id, error };
      throw error;
    }
  }

  /** Tell who does not see it, once it is quiet. */
  function tell() {
    clearTimeout(telling);
    telling = window.setTimeout(() => isShown && say(answers.map(({ id, estimate }) => `${id}: ${estimate?.total_cost == null ? "price unknown" : about(estimate.total_cost, estimate.currency)}`).join("; ")), QUIET);
  }

  // Drawing

  function draw() {
    const { meters, conditions: words } = app.catalogue.vocabulary;
    const shown = asked(rows(), meters, state.counts ?? {});
    for (const part of [models, usage.element, cards]) part.hidden = state.isPasted;
    for (const part of [paste.form, paste.result]) part.hidden = !state.isPasted;
    usage.show(shown.buckets, countsNow(), meters);
    conditions.show(rows(), words, state.facts, state.isPasted);
    full.hidden = state.ids.length < MOST_COMPARED;
    box.input.disabled = !full.hidden;
    fill(chips, state.ids.map((id) => h("li", { class: "chip" }, id, h("button", { type: "button", "aria-label": `Leave ${id}`, onclick: () => leave(id) }, "×"))));
  }

  function drawAnswers() {
    const { meters } = app.catalogue.vocabulary;
    if (state.isPasted) paste.show();
    const chosen = state.isPasted ? [] : state.ids.flatMap((id) => answers.find((answer) => answer.id === id) ?? []);
    drawBars(chosen.flatMap((answer) => answer.estimate ?? []));
    if (!state.ids.length) return fill(cards, h("p", { class: "empty" }, "Add a model, and its cost is shown here by line.", h("span", null, "Or ", h("a", { href: address("") }, "choose some in the catalogue"), ".")));
    fill(cards, chosen.map((answer) => (answer.estimate ? resultCard(answer.estimate, { meters, volume: state, counts: countsNow(), more: [unused(answer.id)] }) : refusedCard(answer))));
  }

  /** Where a model has prices and none is for what is used: say what it is billed by. @param {string} id */
  function unused(id) {
    const row = known.get(id);
    const priced = row ? bucketsOf(row, app.catalogue.vocabulary.meters) : new Set();
    return row && !priced.size && h("p", { class: "hint" }, "The catalogue knows no price of this model.");
  }

  /** @param {Answer} answer */
  function refusedCard({ id, error }) {
    const names = error?.suggestions ?? [];
    return h(
      "article",
      { class: "card result", "aria-label": id },
      h("h3", null, id),
      h("p", { class: "note bad", role: "alert" }, error?.message),
      names.length > 0 && h("p", { class: "row" }, "Instead: ", names.map((name) => h("button", { type: "button", onclick: () => leave(id, name) }, name))),
    );
  }

  /** Those in one currency share an axis; what is in another is told, and stands below. @param {any[]} estimates */
  function drawBars(estimates) {
    const priced = estimates.filter((estimate) => estimate.total_cost !== null);
    const currency = priced[0]?.currency;
    const shown = estimates.filter((estimate) => estimate.currency === currency || estimate.total_cost === null);
    const others = estimates.filter((estimate) => !shown.includes(estimate));
    const host = /** @type {HTMLElement} */ (chart.element.parentElement);
    host.hidden = !priced.length;
    apart.hidden = !others.length;
    const costs = others.map((one) => `${one.model} ${about(one.total_cost, one.currency)}`);
    apart.textContent = `In another currency, so not on this axis: ${costs.join(", ")}.`;
    if (priced.length) chart.show({ bars: shown.map(barOf), currency, axis: `${currency} a call` });
  }

  /** @param {any} estimate @returns {import("../plot/bars.js").Bar} */
  function barOf(estimate) {
    const { meters } = app.catalogue.vocabulary;
    const { model, currency, total_cost: total, complete } = estimate;
    const month = ofMonth(estimate, state);
    const ofCall = `${complete ? "" : "at least "}${about(total, currency)}`;
    const ofAll = month === null ? "" : ` · ${about(month, currency)} a month`;
    return {
      name: model,
      told: total === null ? "price unknown" : ofCall + ofAll,
      brief: total === null ? "price unknown" : ofCall,
      parts: estimate.lines.map((/** @type {any} */ line) => {
        const { bucket } = meters[line.meter];
        return { key: bucket in PARTS ? bucket : "other", label: bucket in PARTS ? meterName(line.meter, meters) : "Other", amount: line.amount, told: about(line.amount, currency) };
      }),
    };
  }

  const again = () => isShown && (draw(), drawAnswers());
  prefs.addEventListener("per", again);
  connection.addEventListener("back", () => isShown && price());
  app.catalogue.addEventListener("change", () => {
    known = new Map();
    if (isShown) start();
  });

  function start() {
    paste.showProviders();
    takeUp(route().query);
    draw();
    price();
  }

  return {
    element,
    title: () => "Calculator",
    show() {
      isShown = true;
      if (app.catalogue.isLoaded) start();
      else fill(cards, h("p", { class: "waiting" }, "The catalogue is on its way …"));
    },
    hide() {
      isShown = false;
      asking.abort();
    },
  };
}

/** The buckets that have a colour of their own. */
const PARTS = { input: 1, cached_input: 1, cache_write: 1, output: 1, reasoning: 1, web_searches: 1 };

/** @param {URLSearchParams} query @param {import("../catalogue.js").Vocabulary["meters"]} meters @returns {State} */
function read(query, meters) {
  const buckets = new Set(Object.values(meters).map((meter) => meter.bucket));
  const number = (/** @type {string | null} */ text) => (Number(text) >= 0 && text !== "" ? Number(text) : 0);
  const counts = [...query].filter(([name]) => buckets.has(name));
  const facts = [...query].filter(([name]) => !buckets.has(name) && (!OTHERS.has(name) || FACTS.includes(name)));
  const [day, time] = (query.get("at") ?? "").split("T");
  return {
    ids: [...new Set((query.get("ids") ?? "").split(",").filter(Boolean))].slice(0, MOST_COMPARED),
    counts: counts.length ? Object.fromEntries(counts.map(([name, value]) => [name, number(value)])) : null,
    facts: { ...Object.fromEntries(facts), ...(day && { day }), ...(time && { time: time.slice(0, 5) }) },
    calls: query.has("calls") ? number(query.get("calls")) : 1000,
    period: query.get("period") === "month" ? "month" : "day",
    isPasted: query.get("by") === "response",
  };
}

/** The address of a state: what is as usual is not written. @param {State} state @returns {Record<string, string>} */
function written({ ids, counts, facts: { day, time, ...facts }, calls, period, isPasted }) {
  const used = Object.entries(counts ?? {}).filter(([, number]) => number);
  return {
    ids: ids.join(),
    ...Object.fromEntries(used.map(([bucket, number]) => [bucket, String(number)])),
    ...(counts && !used.length && { input: "0" }),
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value)),
    ...(day && { at: time ? `${day}T${time}Z` : day }),
    ...(calls !== 1000 && { calls: String(calls) }),
    ...(period !== "day" && { period }),
    ...(isPasted && { by: "response" }),
  };
}
