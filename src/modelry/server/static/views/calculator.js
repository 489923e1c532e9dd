// What a call costs: how much of what, or a provider's response; on which models; by line, as bars, and for a month.
//
//   address <──> state ──> POST /api/cost, once for each model ──> estimates ──> bars, cards

import { Refused, Unreachable, connection, get, post, rowPath } from "../api.js";
import { DAYS, asked, bucketsOf, conditionFields, moment, ofMonth, pastePane, resultCard, sliders, toldOf } from "../calculator/panes.js";
import { modelBox } from "../combobox.js";
import { button, card, cross, field, fill, h, say, segments } from "../dom.js";
import { bars } from "../plot/bars.js";
import { MOST_COMPARED, prefs } from "../prefs.js";
import { address, note, route } from "../route.js";
import { about, title } from "../text.js";

const WAIT = 120;
const QUIET = 900;

/** Which hue of plot.css a bucket has; the others share one. @type {Record<string, number>} */
const HUES = { input: 0, output: 1, web_searches: 2, cache_write: 3, reasoning: 5, cached_input: 6 };
const OTHER = 8;

/** @type {["day" | "month", string][]} */
const PERIODS = [["day", "a day"], ["month", "a month"]];

/**
 * @typedef {{ids: string[], counts: Record<string, number> | null, facts: import("../calculator/panes.js").Facts,
 *   calls: number, period: "day" | "month", isPasted: boolean}} State `counts` null: nobody said, so what is usual
 */

/** @typedef {{id: string, said: any}} Answer an estimate, or a refusal */

/** A refusal is an answer too. @param {Promise<any>} asked */
const answered = (asked) => asked.catch((error) => (error instanceof Refused ? error : Promise.reject(error)));

/** @param {import("../main.js").App} app @returns {import("../main.js").View} */
export function create(app) {
  const { catalogue } = app;
  let state = read(new URLSearchParams(), {});
  /** Rows with all that their prices hang on, or a refusal. @type {Map<string, any>} */
  let known = new Map();
  /** @type {Answer[]} */
  let answers = [];
  let isShown = false;
  let waiting = 0;
  let telling = 0;
  let asking = new AbortController();

  const box = modelBox(app, { label: "Add a model", onchoose: add });
  const chips = h("ul", { class: "chips", "aria-label": "Models" });
  const full = h("p", { class: "hint" }, `${MOST_COMPARED} models are the most; leave one to add another.`);
  const usage = sliders((bucket, number) => {
    state.counts = { ...counted().counts, [bucket]: number };
    changed();
  });
  const conditions = conditionFields((fact, value) => {
    state.facts = { ...state.facts, [fact]: value };
    changed();
  });
  const paste = pastePane(app, { told: () => toldOf(state.facts, true), volume: () => state, ontake: take });
  const calls = h("input", { type: "number", min: 0, inputmode: "numeric", oninput: setVolume });
  const period = h("div");
  const mode = h("div");
  const chart = bars("Cost of a call");
  const apart = h("p", { class: "hint" });
  const plot = h("div", { class: "card chart", hidden: true }, chart.element, apart);
  const cards = h("div", { class: "results" });
  const models = card("Models", box.element, chips, full);
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
        card("Usage of a call", mode, usage.element, paste.form),
        card("Conditions", h("h2", null, "Under which conditions"), conditions.element),
        card("Volume", h("h2", null, "How many calls"), h("div", { class: "row volume" }, field("Calls", calls), period), h("p", { class: "hint" }, `A month has ${DAYS} days here, and every call uses the same.`)),
      ),
      h("section", { class: "stack outcome", "aria-label": "Cost" }, plot, cards, paste.result),
    ),
  );

  // State

  /** @param {URLSearchParams} query */
  function takeUp(query) {
    if (query.size) state = read(query, catalogue.vocabulary.meters);
    else if (prefs.chosen.length) state.ids = prefs.chosen;
    fill(period, segments("Calls in", PERIODS, state.period, (chosen) => ((state.period = chosen), changed(false))));
    fill(mode, segments("Usage", [[false, "By sliders"], [true, "From a response"]], state.isPasted, (chosen) => ((state.isPasted = chosen), changed())));
    calls.value = String(state.calls);
  }

  function setVolume() {
    calls.setAttribute("aria-invalid", String(!calls.checkValidity()));
    if (!calls.checkValidity()) return;
    state.calls = Number(calls.value);
    changed(false);
  }

  /** @param {string} id */
  function add(id) {
    state.ids = [...new Set([...state.ids, id])].slice(0, MOST_COMPARED);
    changed();
  }

  /** @param {string} id @param {string[]} instead */
  function leave(id, ...instead) {
    state.ids = state.ids.flatMap((one) => (one === id ? instead : one));
    changed();
    box.input.focus();
  }

  /** @param {string} id @param {Record<string, number>} counts */
  function take(id, counts) {
    const ids = state.ids.includes(id) ? state.ids : [id, ...state.ids].slice(0, MOST_COMPARED);
    note(addressOf({ ...state, ids, counts, isPasted: false }));
    takeUp(route().query);
    changed();
    box.input.focus();
    say("The usage was taken over to the sliders.");
  }

  /** After any change: the address, the fields, and the costs, unless only their month is another. */
  function changed(isNew = true) {
    note(addressOf(state));
    draw();
    if (isNew) price();
    else drawAnswers();
  }

  // Rows

  /** What is known of the chosen models, which buckets they ask for, what a call uses of each. */
  function counted() {
    const rows = state.ids.map((id) => known.get(id)).filter((row) => row?.model);
    const { buckets, usual } = asked(rows, catalogue.vocabulary, state.counts ?? {});
    return { rows, buckets, usual, counts: state.counts ?? usual };
  }

  /** @param {AbortSignal} signal */
  async function learn(signal) {
    const unknown = state.ids.filter((id) => !known.has(id));
    await Promise.all(unknown.map(async (id) => known.set(id, await answered(get(rowPath("id", id), { signal })))));
    if (unknown.length) draw();
  }

  /** What a model is asked: what is usual for another kind of model alone, it never has. @param {string} id */
  function usedOf(id) {
    const { counts, usual } = counted();
    const own = bucketsOf(known.get(id), catalogue.vocabulary);
    return Object.fromEntries(Object.entries(counts).filter(([bucket, number]) => number && (!own.size || own.has(bucket) || number !== usual[bucket])));
  }

  // Costs

  function price() {
    clearTimeout(waiting);
    asking.abort();
    if (!state.isPasted) waiting = window.setTimeout(askAll, WAIT);
    else {
      drawAnswers();
      void paste.price();
    }
  }

  async function askAll() {
    const { signal } = (asking = new AbortController());
    cards.setAttribute("aria-busy", "true");
    try {
      await learn(signal);
      const told = toldOf(state.facts, false);
      answers = await Promise.all(state.ids.map(async (id) => ({ id, said: await answered(post("/api/cost", { model: id, usage: usedOf(id), ...told }, { signal })) })));
      drawAnswers();
      clearTimeout(telling);
      telling = window.setTimeout(tell, QUIET);
    } catch (error) {
      if (!signal.aborted && !(error instanceof Unreachable)) throw error; // away: the page says so, and what was known stays
    } finally {
      if (!signal.aborted) cards.removeAttribute("aria-busy");
    }
  }

  /** Tell who does not see it, once it is quiet. */
  function tell() {
    if (isShown) say(answers.map(({ id, said }) => `${id}: ${totalOf(said)}`).join("; "));
  }

  // Drawing

  function draw() {
    const { rows, buckets, counts } = counted();
    for (const part of [models, usage.element, cards]) part.hidden = state.isPasted;
    for (const part of [paste.form, paste.result]) part.hidden = !state.isPasted;
    usage.show(buckets, counts);
    conditions.show(rows, catalogue.vocabulary, state.facts, state.isPasted);
    box.input.disabled = state.ids.length >= MOST_COMPARED;
    full.hidden = !box.input.disabled;
    fill(chips, state.ids.map((id) => h("li", { class: "chip" }, id, cross(`Leave ${id}`, () => leave(id)))));
  }

  function drawAnswers() {
    if (state.isPasted) paste.show();
    const chosen = state.isPasted ? [] : state.ids.flatMap((id) => answers.find((answer) => answer.id === id) ?? []);
    drawBars(chosen.map(({ said }) => said).filter(({ lines }) => lines));
    fill(
      cards,
      chosen.map(({ id, said }) => (said.lines ? resultCard(said, { vocabulary: catalogue.vocabulary, volume: state, counts: counted().counts }) : refusedCard(id, said))),
      !state.ids.length && h("p", { class: "empty" }, "Add a model, and its cost is shown here by line.", h("span", null, "Or ", h("a", { href: address("") }, "choose some in the catalogue"), ".")),
    );
  }

  /** @param {string} id @param {Refused} error */
  function refusedCard(id, { message, suggestions }) {
    return h(
      "article",
      { class: "card result", "aria-label": id },
      h("h3", null, id),
      h("p", { class: "note bad", role: "alert" }, message),
      suggestions.length > 0 && h("p", { class: "row" }, "Instead: ", suggestions.map((name) => button(name, () => leave(id, name)))),
    );
  }

  /** Those in one currency share an axis; what is in another is told, and stands below. @param {any[]} estimates */
  function drawBars(estimates) {
    const currency = estimates.find((one) => one.total_cost !== null)?.currency;
    const isApart = (/** @type {any} */ one) => one.currency !== currency && one.total_cost !== null;
    const others = estimates.filter(isApart);
    plot.hidden = !currency;
    apart.hidden = !others.length;
    apart.textContent = `In another currency, so not on this axis: ${others.map((one) => `${one.model} ${totalOf(one)}`).join(", ")}.`;
    if (currency) chart.show(estimates.filter((one) => !isApart(one)).map(barOf), currency);
  }

  /** @param {any} estimate @returns {import("../plot/bars.js").Bar} */
  function barOf(estimate) {
    const { model: name, currency, lines } = estimate;
    const month = ofMonth(estimate, state);
    const parts = lines.map((/** @type {any} */ { meter, amount }) => {
      const { bucket } = catalogue.vocabulary.meters[meter];
      const hue = HUES[bucket] ?? OTHER;
      return { hue, label: hue === OTHER ? "Other" : title(bucket), amount, told: about(amount, currency) };
    });
    return { name, told: [totalOf(estimate), ...(month ? [`${about(month, currency)} a month`] : [])], parts };
  }

  function start() {
    paste.showProviders();
    takeUp(route().query);
    draw();
    price();
  }

  prefs.addEventListener("per", () => isShown && drawAnswers());
  connection.addEventListener("back", () => isShown && price());
  catalogue.addEventListener("change", () => {
    known = new Map();
    if (isShown) start();
  });

  return {
    element,
    title: () => "Calculator",
    show() {
      isShown = true;
      if (catalogue.isLoaded) start();
      else fill(cards, h("p", { class: "waiting" }, "The catalogue is on its way …"));
    },
    hide() {
      isShown = false;
      asking.abort();
    },
  };
}

/** `$0.01`, `at least $0.01`. @param {any} estimate or a refusal */
const totalOf = ({ total_cost: total, complete, currency }) => (total == null ? "price unknown" : (complete ? "" : "at least ") + about(total, currency));

/** @param {URLSearchParams} query @param {import("../catalogue.js").Vocabulary["meters"]} meters @returns {State} */
function read(query, meters) {
  const buckets = new Set(Object.values(meters).map(({ bucket }) => bucket));
  const number = (/** @type {string} */ text) => Math.max(0, Number(text)) || 0;
  const { ids = "", calls = "1000", period, by, at = "", ...rest } = Object.fromEntries(query);
  const [counts, facts] = [true, false].map((isCount) => Object.entries(rest).filter(([name]) => buckets.has(name) === isCount));
  const [day, time = ""] = at.split("T");
  return {
    ids: [...new Set(ids.split(",").filter(Boolean))].slice(0, MOST_COMPARED),
    counts: counts.length ? Object.fromEntries(counts.map(([name, value]) => [name, number(value)])) : null,
    facts: { ...Object.fromEntries(facts), day, time: time.slice(0, 5) },
    calls: number(calls),
    period: period === "month" ? "month" : "day",
    isPasted: by === "response",
  };
}

/** What is as usual is not written. @param {State} state */
function addressOf({ ids, counts, facts: { day, time, ...facts }, calls, period, isPasted }) {
  const used = Object.entries(counts ?? {}).filter(([, number]) => number);
  const said = Object.entries({ ...facts, at: moment({ day, time }), calls: calls === 1000 ? "" : `${calls}`, period: period === "day" ? "" : period, by: isPasted ? "response" : "" });
  const counted = counts && !used.length ? { input: "0" } : Object.fromEntries(used.map(([bucket, number]) => [bucket, `${number}`]));
  return address("calculator", "", { ids: ids.join(), ...counted, ...Object.fromEntries(said.filter(([, value]) => value)) });
}
