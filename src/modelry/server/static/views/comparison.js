// The table of a comparison: groups of rows, what differs, and which model is best in a row.

import { button, h } from "../dom.js";
import { address } from "../route.js";
import { count, day, plain, title } from "../text.js";
import { condition, meterName, metersOf, meterUnit, rateNumber, rateText } from "./ratecard.js";

/** @typedef {import("./details.js").Details} Details */
/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */
/** @typedef {import("../text.js").Per} Per */
/** @typedef {import("../dom.js").Child} Child */

/**
 * One row: a text for each model (null: unknown), and, where one is better than another, numbers of which the `best` is
 * the lowest or the largest.
 * @typedef {{label: string, unit?: string, hint?: string, texts: (string | null)[], cell?: (model: Details, text: string) => Child,
 *   numbers?: (number | null)[], best?: "lowest" | "largest"}} Line
 */

/**
 * @param {Details[]} models @param {Vocabulary} vocabulary
 * @param {{per: Per, isOnlyDifferences: boolean, remove: (id: string) => void}} how
 */
export function comparisonTable(models, vocabulary, { per, isOnlyDifferences, remove }) {
  const groups = groupsOf(models, vocabulary, per);
  const shown = groups.map(([name, lines]) => /** @type {const} */ ([name, isOnlyDifferences ? lines.filter(differs) : lines])).filter(([, lines]) => lines.length);
  const heads = models.map(({ id, row }) =>
    h(
      "th",
      { scope: "col" },
      h("a", { href: address("model", id) }, row.display_name ?? row.model),
      h("small", null, id),
      button("Remove", () => remove(id), "quiet copy", { "aria-label": `Remove ${id}` }),
    ),
  );
  const bodies = shown.map(([name, lines]) =>
    h("tbody", null, h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: models.length + 1 }, h("span", null, name))), lines.map((line) => lineRow(line, models))),
  );
  const none = isOnlyDifferences && !shown.length && h("p", { class: "note" }, models.length < 2 ? "Add another model to see differences." : "Nothing that is known of them differs.");
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "scroll sides", tabindex: 0, role: "region", "aria-label": "Comparison" },
      h("table", { class: "plain" }, h("caption", { class: "unseen" }, "Models side by side"), h("thead", null, h("tr", null, h("td"), heads)), bodies),
    ),
    none,
    models.length > 1 && !none && h("small", null, h("span", { class: "differs", "aria-hidden": true }, "●"), " marks rows in which the models differ; – is what nobody has said, which is neither 0 nor no."),
  );
}

/** @param {Line} line */
const differs = ({ texts }) => new Set(texts).size > 1;

/** @param {Line} line @param {Details[]} models */
function lineRow(line, models) {
  const isDifferent = differs(line);
  const best = bestOf(line);
  const mark = isDifferent && h("span", { class: "differs", title: "Differs", role: "img", "aria-label": "differs" }, "●");
  const cells = models.map((model, at) => {
    const text = line.texts[at];
    const isNumber = line.best !== undefined;
    if (text === null) return h("td", { class: isNumber ? "num soft" : "soft" }, "–");
    const isBest = best !== null && line.numbers?.[at] === best;
    const tone = text === "free" || isBest ? "good" : "";
    return h("td", { class: `${isNumber ? "num " : ""}${tone}` }, line.cell ? line.cell(model, text) : text, isBest && h("small", null, ` ${line.best}`));
  });
  return h("tr", { class: isDifferent ? "different" : null }, h("th", { scope: "row", title: line.hint ?? null }, line.label, " ", mark, " ", line.unit && h("small", null, line.unit)), cells);
}

/** The best number of a row; null where it says nothing. @param {Line} line */
function bestOf({ numbers, best }) {
  const known = (numbers ?? []).filter((number) => number !== null);
  if (known.length < 2 || new Set(known).size < 2) return null;
  return best === "lowest" ? Math.min(...known) : Math.max(...known);
}

/** @param {Details[]} models @param {Vocabulary} vocabulary @param {Per} per @returns {[string, Line[]][]} */
function groupsOf(models, vocabulary, per) {
  const of = (/** @type {(row: Record<string, any>) => any} */ read) => models.map(({ row }) => read(row) ?? null);
  const texts = (/** @type {(row: Record<string, any>) => any} */ read) => of(read).map((value) => (value === null || value === "" ? null : plain(value)));
  /** @type {(label: string, name: string) => Line} */
  const limit = (label, name) => ({ label, texts: of((row) => row[name]).map((value) => value && count(value)), numbers: of((row) => row[name]), best: "largest" });
  /** @type {(label: string, name: string) => Line} */
  const date = (label, name) => ({ label, texts: of((row) => row[name] && day(row[name])) });
  /** @type {(label: string, name: string) => Line} */
  const model = (label, name) => ({ label, texts: texts((row) => row[name]), cell: (_, id) => h("a", { href: address("model", id) }, id) });
  /** @type {[string, Line[]][]} */
  const groups = [
    [`Prices, ${meterUnit("input_per_token", null, per, vocabulary)}`, prices(models, vocabulary, per)],
    ["Limits", [limit("Context", "context"), limit("Longest input", "max_input_tokens"), limit("Longest output", "max_output_tokens"), limit("Dimensions", "dimensions")]],
    ["Capabilities", capabilities(models, vocabulary)],
    ["Modalities", ["input", "output"].map((way) => ({ label: way === "input" ? "Takes" : "Gives", texts: texts((row) => row.modalities?.[way]?.toSorted().join(", ")) }))],
    ["Life", [{ label: "Status", texts: texts((row) => row.status) }, date("Released", "release_date"), date("Knows until", "knowledge_cutoff"), date("Retires", "deprecation_date"), model("Replaced by", "replaced_by")]],
    [
      "Provider",
      [
        { label: "Provider", texts: texts((row) => row.provider) },
        model("Base model", "base_model"),
        { label: "Open weights", texts: texts((row) => row.open_weights) },
        { label: "Region", texts: texts((row) => row.region) },
        { label: "Verified", texts: models.map(({ row: { verification: check } }) => (check ? `${check.status} ${day(check.last_checked ?? "")}`.trim() : null)) },
      ],
    ],
  ];
  return groups.map(([name, lines]) => [name, lines.filter((line) => line.texts.some((text) => text !== null))]);
}

/** @param {Details[]} models @param {Vocabulary} vocabulary @param {Per} per @returns {Line[]} */
function prices(models, vocabulary, per) {
  const cards = models.map(({ card }) => card ?? {});
  const currencies = new Set(models.flatMap(({ card }) => card?.currency ?? []));
  const all = Object.assign({}, ...cards.map((card) => ({ ...card, overrides: [] })), { overrides: [] });
  const lines = metersOf(all, vocabulary).map((meter) => {
    const rated = cards.find((card) => card[meter])?.[meter];
    const unit = meterUnit(meter, rated, per, vocabulary);
    const numbers = cards.map((card) => rateNumber(meter, card[meter], per, vocabulary));
    const isSame = currencies.size < 2 && new Set(cards.flatMap((card) => (card[meter] ? meterUnit(meter, card[meter], per, vocabulary) : []))).size < 2;
    return /** @type {Line} */ ({
      label: meterName(meter, vocabulary), unit: meter.endsWith("_per_token") ? undefined : unit, best: "lowest", numbers: isSame ? numbers : undefined,
      texts: cards.map((card) => rateText(meter, card[meter], per, vocabulary, card.currency)),
    });
  });
  const terms = cards.map((card) => [...new Set((card.overrides ?? []).map((/** @type {any} */ one) => condition(one.when ?? {})))].join("; ") || null);
  return [...lines, { label: "Other prices when", texts: terms }];
}

/** @param {Details[]} models @param {Vocabulary} vocabulary @returns {Line[]} */
function capabilities(models, { capabilities: meanings }) {
  const names = new Set([...Object.keys(meanings), ...models.flatMap(({ row }) => Object.keys(row.capabilities ?? {}))]);
  return [...names].map((name) => ({
    label: title(name), hint: meanings[name],
    texts: models.map(({ row }) => (row.capabilities?.[name] === undefined || row.capabilities[name] === null ? null : row.capabilities[name] ? "yes" : "no")),
  }));
}
