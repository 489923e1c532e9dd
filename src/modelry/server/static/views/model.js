// One model: everything that is known of it, laid out for reading.

import { Refused, get } from "../api.js";
import { rate } from "../catalogue.js";
import { button, card, copyButton, fill, h, head, plainTable, say, segments } from "../dom.js";
import { MOST_COMPARED, prefs } from "../prefs.js";
import { address, note } from "../route.js";
import { PERS, count, day, daysUntil, plain, title, words } from "../text.js";
import { code } from "./code.js";
import { details, meant } from "./details.js";
import { priceHistory, sourceLink } from "./pricehistory.js";
import { aligned, meterName, metersOf, rateTable, rateText } from "./ratecard.js";

/** @typedef {import("./details.js").Details} Details */
/** @typedef {import("../dom.js").Child} Child */
/** @typedef {import("../main.js").App} App */
/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */

/** @param {App} app @returns {import("../main.js").View} */
export function create(app) {
  const element = h("article", { class: "page model" });
  let name = "";
  let shown = "";
  let isHere = false;
  /** @type {Details | null} */
  let found = null;
  /** @type {Record<string, any> | null} */
  let provider = null;

  async function load() {
    const asked = name;
    const isOf = () => isHere && asked === name;
    const { isLoaded, byId } = app.catalogue;
    if (isLoaded && !byId.has(asked)) return lookUp(asked);
    try {
      const one = await details(asked);
      const of = await get(`/api/providers/${encodeURIComponent(one.row.provider)}`).catch(() => null);
      if (!isOf()) return;
      if (one.id !== asked) note(address("model", (name = one.id))); // an alias
      const text = JSON.stringify([one, of]);
      if (text === shown) return;
      [found, provider, shown] = [one, of, text];
      draw();
    } catch (error) {
      if (!isOf()) return;
      if (error instanceof Refused && error.status === 404) await lookUp(asked);
      else if (!found) fill(element, trouble(asked, /** @type {Error} */ (error), load));
    }
  }

  /** A name that is no id may mean one. @param {string} asked */
  async function lookUp(asked) {
    try {
      const id = await meant(asked);
      if (!isHere || asked !== name) return;
      if (id === asked && app.catalogue.byId.has(id)) throw new Error("It is no longer in the catalogue.");
      note(address("model", id));
      if (id !== asked) say(`${asked} is ${id}`);
      name = id;
      if (id === asked) await app.catalogue.load(); // it is newer than what this page has
      else await load();
    } catch (error) {
      if (isHere && asked === name) fill(element, trouble(asked, /** @type {Error} */ (error), load));
    }
  }

  function draw() {
    if (!found) return;
    document.title = `${found.row.display_name ?? found.id} · modelry`;
    fill(element, heading(found), ending(found), glance(found), columns(app, found, provider), whole(found));
  }

  app.catalogue.addEventListener("change", () => {
    if (!isHere) return;
    draw(); // who else serves it, and what the words of the vocabulary mean
    void load();
  });
  prefs.addEventListener("per", () => isHere && draw());
  prefs.addEventListener("chosen", () => isHere && showChosen(element, found));

  return {
    element,
    title: ({ rest }) => app.catalogue.byId.get(rest)?.name ?? (rest || "Model"),
    show: ({ rest }) => {
      isHere = true;
      if (rest !== name) {
        [name, found, shown] = [rest, null, ""];
        fill(element, h("p", { class: "waiting" }, `Looking up ${rest} …`));
        element.closest("main")?.scrollTo(0, 0);
      }
      void load();
    },
    hide: () => (isHere = false),
  };
}

/** @param {string} name @param {Error} error @param {() => unknown} again */
function trouble(name, error, again) {
  const others = error instanceof Refused ? error.suggestions : [];
  const isUnknown = error instanceof Refused && error.status < 500;
  return h(
    "div",
    { class: "empty" },
    h("h1", null, isUnknown ? `No model is shown for “${name}”` : "This model cannot be shown now"),
    h("p", null, error.message),
    others.length > 0 && h("ul", { class: "row" }, others.map((id) => h("li", null, modelLink(id)))),
    isUnknown ? h("a", { href: address("catalogue", "", { q: name.split("/").pop() ?? "" }) }, "Search the catalogue") : button("Try again", again),
  );
}

/** @param {string} id @param {Child} [text] */
const modelLink = (id, text) => h("a", { href: address("model", id) }, text ?? id);

/** @param {Child} text */
const soft = (text) => h("span", { class: "soft" }, text);

// What it is

/** @type {Record<string, string>} */
const TONES = { active: "good", preview: "warn", deprecated: "warn", retired: "bad" };

/** @param {Details} found */
function heading({ id, row }) {
  const compare = button("", () => choose(id), "choose");
  const head = h(
    "header",
    { class: "model-head" },
    h("div", { class: "row" }, h("h1", null, row.display_name ?? row.model), h("span", { class: `chip ${TONES[row.status] ?? ""}` }, row.status ?? "status unknown")),
    h("p", { class: "row id" }, h("code", null, id), copyButton(id)),
    h(
      "div",
      { class: "row actions" },
      compare,
      h("a", { class: "button primary", href: address("calculator", "", { ids: id }) }, "Calculate"),
      h("a", { class: "button", href: address("settings", "", { edit: id }) }, "Edit"),
    ),
  );
  queueMicrotask(() => showChosen(head, { id }));
  return head;
}

/** @param {string} id */
function choose(id) {
  if (!prefs.toggle(id)) return say(`${MOST_COMPARED} models are being compared: leave one first`);
  say(prefs.chosen.includes(id) ? `${id} is among the compared` : `${id} is compared no more`);
}

/** @param {Element} element @param {{id: string} | null} found */
function showChosen(element, found) {
  const button = element.querySelector(".choose");
  if (!(button instanceof HTMLButtonElement) || !found) return;
  const isChosen = prefs.chosen.includes(found.id);
  const isFull = !isChosen && prefs.chosen.length >= MOST_COMPARED;
  button.disabled = isFull;
  button.title = isFull ? `${MOST_COMPARED} models are being compared: leave one first` : "";
  button.setAttribute("aria-pressed", String(isChosen));
  fill(button, isChosen ? "✓ Compared" : "Compare");
}

/** When it ends, and what comes after it. @param {Details} found */
function ending({ row }) {
  const { status, deprecation_date: date, replaced_by: next, missing_since: missing } = row;
  const said = [];
  if (date) said.push(`${daysUntil(date) > 0 ? "Retires" : "Retired"} ${inDays(date)}, ${day(date)}`);
  else if (status === "deprecated") said.push("Deprecated; the day of its end is not known");
  else if (status === "retired") said.push("Retired");
  if (missing) said.push(`not listed by its provider's feed since ${day(missing)}`);
  if (!said.length && !next) return null;
  const isOver = status === "retired" || (date && daysUntil(date) <= 0);
  return h("p", { class: `note ${isOver ? "bad" : "warn"}` }, said.join("; ").replace(/^./, (letter) => letter.toUpperCase()), next && [said.length ? "; replaced by " : "Replaced by ", modelLink(next)], ".");
}

/** @param {string} date */
function inDays(date) {
  const days = daysUntil(date);
  const size = Math.abs(days);
  return days === 0 ? "today" : `${days > 0 ? "in " : ""}${count(size)} day${size === 1 ? "" : "s"}${days < 0 ? " ago" : ""}`;
}

/** What one looks for first. @param {Details} found */
function glance({ row }) {
  const tokens = (/** @type {number | undefined} */ number) => (number === undefined || number === null ? null : [count(number), h("small", null, " tokens")]);
  /** @type {[string, Child | Child[]][]} */
  const facts = [
    ["Context", tokens(row.context)],
    ["Longest input", row.max_input_tokens !== row.context && tokens(row.max_input_tokens)],
    ["Longest output", tokens(row.max_output_tokens)],
    ["Dimensions", row.dimensions !== undefined && count(row.dimensions)],
    ["Takes", row.modalities?.input?.join(", ")],
    ["Gives", row.modalities?.output?.join(", ")],
    ["Released", row.release_date && day(row.release_date)],
    ["Knows until", row.knowledge_cutoff && day(row.knowledge_cutoff)],
  ];
  const shown = facts.filter(([, value]) => value !== false);
  return h("dl", { class: "glance" }, shown.map(([label, value]) => h("div", null, h("dt", null, label), h("dd", null, value || soft("unknown")))));
}

/** @param {App} app @param {Details} found @param {Record<string, any> | null} provider */
function columns(app, found, provider) {
  const { vocabulary } = app.catalogue;
  return h(
    "div",
    { class: "model-columns" },
    h("div", { class: "stack" }, prices(found, vocabulary), history(found, vocabulary), offerings(app, found), code(found, vocabulary)),
    h("div", { class: "stack" }, abilities(found, vocabulary), facts(found, provider), sources(found)),
  );
}

// What it costs

/** @param {Details} found @param {Vocabulary} vocabulary */
function prices({ card: now, prices: all }, vocabulary) {
  const unit = segments("Unit of token prices", PERS, prefs.per, (per) => (prefs.per = per));
  const coming = all.find(({ since, in_use }) => in_use && since && Date.parse(since) > Date.now());
  const known = now && metersOf(now, vocabulary).some((meter) => rateText(meter, now[meter], prefs.per, vocabulary) !== null);
  const hasTokens = all.some(({ card }) => metersOf(card, vocabulary).some((meter) => meter.endsWith("_per_token")));
  const since = now?.effective_from ? `since ${day(now.effective_from)}` : now?.observed ? `seen ${day(now.observed)}` : null;
  return card(
    "Prices",
    h("div", { class: "row" }, h("h2", null, "Prices"), now && soft([now.currency, since].filter(Boolean).join(", ")), hasTokens && h("span", { class: "push" }, unit)),
    !known && h("p", null, "No price is known. Unknown is not free."),
    now && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Rate card" }, rateTable(now, prefs.per, vocabulary)),
    now?.overrides?.some((/** @type {any} */ one) => "multiply" in one) && h("small", null, "× scales all token prices that otherwise hold."),
    coming && h("p", { class: "note" }, `Other prices hold from ${day(coming.since ?? "")}: see below.`),
    now?.source && h("small", null, "Read at ", sourceLink(now.source)),
  );
}

/** @param {Details} found @param {Vocabulary} vocabulary */
function history(found, vocabulary) {
  if (!found.prices.length) return null;
  const changes = found.changes.map((change) => h("li", null, `${day(change.at)}: ${change.action} by ${change.who ?? "somebody"}: `, changed(change)));
  return card("Price history", h("h2", null, "Price history"), ...priceHistory(found, prefs.per, vocabulary), changes.length > 0 && [h("h3", null, "Changed here"), h("ul", { class: "stack" }, changes)]);
}

/** @param {{old?: Record<string, any> | null, new?: Record<string, any> | null}} change */
function changed(change) {
  const names = new Set([...Object.keys(change.old ?? {}), ...Object.keys(change.new ?? {})]);
  const told = [...names].map((name) => `${words(name)} ${plain(change.old?.[name])} → ${plain(change.new?.[name])}`);
  return told.join("; ") || "the row";
}

const FEW = 8;

/** Who else serves the same model, the cheapest first. @param {App} app @param {Details} found */
function offerings(app, { id, row }) {
  const { catalogue } = app;
  const rows = row.base_model ? catalogue.rows.filter((one) => one.base === row.base_model) : [];
  if (rows.length < 2) return null;
  const own = Object.keys(catalogue.byId.get(id)?.rates ?? {});
  const tokens = ["input_per_token", "output_per_token"];
  const meters = tokens.some((meter) => own.includes(meter)) || !own.length ? tokens : own.slice(0, 2);
  const price = (/** @type {import("../catalogue.js").Row} */ one) => rate(one, meters[0]) ?? Infinity;
  rows.sort((one, other) => one.currency.localeCompare(other.currency) || price(one) - price(other) || (rate(one, meters[1]) ?? Infinity) - (rate(other, meters[1]) ?? Infinity));
  const shownPrices = meters.map((meter) => aligned(rows.map((one) => rateText(meter, one.rates[meter], prefs.per, catalogue.vocabulary, one.currency))));
  const lines = rows.map((one, at) => offering(one, shownPrices.map((texts) => texts[at]), id, at));
  const showAll = () => {
    for (const line of lines) line.hidden = false;
    more.remove();
    lines.find((line) => line.querySelector("a"))?.querySelector("a")?.focus();
  };
  const more = button(`Show all ${rows.length}`, showAll, "quiet");
  const heads = meters.map((meter) => head(meterName(meter, catalogue.vocabulary), true));
  return card(
    "Where it is served",
    h("div", { class: "row" }, h("h2", null, "Where it is served"), soft(`${rows.length} offerings of ${row.base_model}, by ${meterName(meters[0], catalogue.vocabulary).toLowerCase()} price`)),
    h("div", { class: "scroll" }, plainTable("offerings", [head("Offering"), ...heads, head("Context", true)], lines)),
    rows.length > FEW && more,
  );
}

/**
 * @param {import("../catalogue.js").Row} one @param {(string | null)[]} prices @param {string} self its id @param {number} at
 */
function offering(one, prices, self, at) {
  const isSelf = one.id === self;
  const cells = prices.map((text) => h("td", { class: text === "free" ? "num good" : text ? "num" : "num soft" }, text ?? "unknown"));
  const status = one.status && one.status !== "active" && h("small", { class: TONES[one.status] }, ` ${one.status}`);
  return h(
    "tr",
    { hidden: at >= FEW && !isSelf, class: isSelf && "self" },
    h("td", null, isSelf ? [h("strong", null, one.id), soft(" this one")] : modelLink(one.id), status),
    cells,
    h("td", { class: "num" }, one.contextAs(count) ?? soft("–")),
  );
}

// What it can do, and what else is known

/** @param {Details} found @param {Vocabulary} vocabulary */
function abilities({ row }, { capabilities }) {
  const known = row.capabilities ?? {};
  const names = [...new Set([...Object.keys(capabilities), ...Object.keys(known)])];
  const of = (/** @type {boolean | undefined} */ value) => names.filter((name) => known[name] === value);
  const told = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {string} */ tone, /** @type {string[]} */ list) =>
    list.length > 0 && [
      h("h3", null, h("span", { class: tone, "aria-hidden": true }, `${sign} `), label),
      h("ul", { class: "abilities", "aria-label": label }, list.map((name) => h("li", null, h("span", null, title(name)), " ", h("small", null, capabilities[name])))),
    ];
  const unknown = of(undefined);
  return card(
    "Capabilities",
    h("h2", null, "Capabilities"),
    ...[told("Can", "✓", "good", of(true)), told("Cannot", "✗", "bad", of(false))].flat(),
    unknown.length > 0 && h("h3", null, h("span", { class: "soft", "aria-hidden": true }, "? "), "Not known"),
    unknown.length > 0 && h("p", { class: "soft" }, unknown.map((name, at) => [h("span", { title: capabilities[name] }, words(name)), at < unknown.length - 1 && ", "]).flat()),
  );
}

/** @param {Details} found @param {Record<string, any> | null} provider */
function facts({ id, row }, provider) {
  const check = row.verification;
  const yes = (/** @type {boolean | undefined} */ value) => (value === undefined || value === null ? null : value ? "yes" : "no");
  const list = (/** @type {string[] | undefined} */ values) => values?.length && h("ul", null, values.map((value) => h("li", null, h("code", null, value))));
  /** @type {[string, Child | Child[]][]} */
  const all = [
    ["Provider", [h("a", { href: address("catalogue", "", { provider: row.provider }) }, provider?.name ?? row.provider), provider?.docs && [" (", sourceLink(provider.docs, "docs"), ")"]].flat()],
    ["Base model", row.base_model && (row.base_model === id ? "this one" : modelLink(row.base_model))],
    ["Series", row.series],
    ["Components", row.components?.join(", ")],
    ["Mode", row.mode && words(row.mode)],
    ["Region", [row.region, ...(row.regions ?? [])].filter(Boolean).join(", ") || undefined],
    ["Open weights", yes(row.open_weights)],
    ["License", row.license],
    ["Served at", (row.base_url ?? provider?.base_url) && h("code", null, row.base_url ?? provider?.base_url)],
    ["Endpoints", list(row.endpoints) || undefined],
    ["On the wire", row.model_id && h("code", null, row.model_id)],
    ["Also called", list(row.aliases) || undefined],
    ["Verified", check ? [check.status, " ", check.last_checked && day(check.last_checked), " ", check.source && sourceLink(check.source)] : "never"],
    ["Notes", row.notes],
  ];
  const optional = new Set(["License", "Region", "On the wire", "Also called", "Notes", "Endpoints", "Series"]);
  const shown = all.filter(([label, value]) => value || !optional.has(label));
  return card("Facts", h("h2", null, "Facts"), h("dl", { class: "facts" }, shown.map(([label, value]) => [h("dt", null, label), h("dd", null, value || soft("unknown"))]).flat()));
}

/** @type {Record<string, string>} */
const SOURCES = {
  registry: "the registry's own files", operator: "set here by hand", litellm: "LiteLLM's price map", models_dev: "models.dev",
  openrouter: "OpenRouter", genai_prices: "genai-prices", bundle: "the packaged catalogue",
};

/** @param {Details} found */
function sources({ row }) {
  const { default: most, ...others } = row.provenance ?? {};
  const named = (/** @type {string} */ source) => SOURCES[source] ?? words(source);
  const fields = Object.entries(others).filter(([, source]) => source !== most);
  const groups = [...new Set(fields.map(([, source]) => source))].map((source) => /** @type {const} */ ([named(source), fields.filter(([, of]) => of === source).map(([field]) => words(field))]));
  return card(
    "Sources",
    h("h2", null, "Where it comes from"),
    most || groups.length
      ? h("dl", { class: "facts" }, most && [h("dt", null, groups.length ? "All but the following" : "Everything"), h("dd", null, named(most))], groups.flatMap(([source, of]) => [h("dt", null, title(of.join(", "))), h("dd", null, source)]))
      : h("p", { class: "soft" }, "Not recorded."),
    row.last_updated && h("small", null, `Last changed ${day(row.last_updated)}`),
  );
}

/** The row as the API sends it, for what has no place above. @param {Details} found */
function whole({ row }) {
  const text = JSON.stringify(row, null, 2);
  return h("details", null, h("summary", null, "The whole row as JSON"), h("div", { class: "code" }, h("pre", { tabindex: 0 }, text), copyButton(text, "JSON")));
}
