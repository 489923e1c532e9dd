// The form of a model: the fields of the server's own schema in groups; what it says is what differs from the row.

import { h } from "../dom.js";
import { title } from "../text.js";
import { labelOf, makeField } from "./fields.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {Record<string, any>} Row */

const KEY = ["provider", "model"];
const FIRST = [...KEY, "family", "base_url"];

/** The fields of the prices that a family has. @type {Record<string, string[]>} */
const PRICES = { gen: ["input_per_1k", "output_per_1k"], embed: ["embed_per_1k"], rerank: ["rerank_per_1k", "per_request"], misc: ["per_request", "pricing"] };
const DATED = "effective_from";

/** @type {[string, string[]][]} */
const GROUPS = [
  ["Names", ["display_name", "model_id", "aliases", "series", "base_model"]],
  ["Kind and contents", ["components", "mode", "modalities"]],
  ["Capabilities", ["capabilities"]],
  ["Limits", ["context", "max_input_tokens", "max_output_tokens", "dimensions"]],
  ["Dates and status", ["status", "release_date", "knowledge_cutoff", "deprecation_date", "replaced_by"]],
  ["Where it is served", ["region", "regions", "endpoints"]],
  ["Weights and licence", ["open_weights", "license"]],
];
const REST = "Prices in full, checks and notes";

/**
 * @param {Record<string, any>} schemas of /openapi.json
 * @param {import("../catalogue.js").Vocabulary} vocabulary @param {string[]} providers
 */
export function modelForm(schemas, vocabulary, providers) {
  const { properties } = schemas.ModelCatalogUpsertRequest;
  /** @type {Map<string, Field>} */
  const fields = new Map(Object.keys(properties).map((name) => [name, makeField(name, properties[name], schemas, name === "capabilities" ? vocabulary.capabilities : {})]));
  const known = h("datalist", { id: "providers" }, providers.map((value) => h("option", { value })));
  const family = /** @type {HTMLSelectElement} */ (fields.get("family")?.control);
  const prices = h("div", { class: "fields wide" });
  const named = new Set([...FIRST, DATED, ...GROUPS.flatMap(([, names]) => names), ...Object.values(PRICES).flat()]);
  const rest = [...fields.keys()].filter((name) => !named.has(name));
  const groups = [...GROUPS, /** @type {[string, string[]]} */ ([REST, rest])].map(([label, names]) => group(label, names));
  const last = /** @type {HTMLElement} */ (groups[groups.length - 1].lastElementChild);
  fields.get("provider")?.control.setAttribute("list", known.id);
  for (const name of KEY) fields.get(name)?.control.setAttribute("required", "");
  const element = h("div", { class: "stack" }, h("div", { class: "card fields" }, FIRST.map(elementOf), prices), known, groups);

  /** What every field said of the row, so that only an edit is sent. @type {Map<string, string>} */
  let before = new Map();

  /** @param {string} name */
  function elementOf(name) {
    return fields.get(name)?.element;
  }

  /** @param {string} label @param {string[]} names */
  function group(label, names) {
    return h("details", { class: "card" }, h("summary", null, label, " ", names.length > 1 && h("small", { class: "soft" }, names.map((name) => labelOf(name).toLowerCase()).join(", "))), h("div", { class: "fields" }, names.map(elementOf)));
  }

  const priced = () => PRICES[family.value] ?? PRICES.misc;

  function showPrices() {
    const shown = [...priced(), DATED];
    prices.replaceChildren(...shown.flatMap((name) => elementOf(name) ?? []));
    for (const name of ["pricing"]) if (!shown.includes(name)) last.append(elementOf(name) ?? "");
  }

  /** Whether a field is one of this family. @param {string} name */
  const isShown = (name) => !Object.values(PRICES).flat().includes(name) || name === "pricing" || priced().includes(name);

  family.addEventListener("change", showPrices);

  const form = {
    element,
    fields,
    /** Fill in a row, or nothing; what stood there is no edit any more. @param {Row} row */
    fill(row) {
      for (const [name, field] of fields) field.set(row[name] ?? null);
      before = new Map([...fields].map(([name, field]) => [name, JSON.stringify(field.value())]));
      showPrices();
    },
    /** Let a value stand as if the row had it: it is not sent unless it is edited. @param {string} name @param {any} value */
    presume(name, value) {
      fields.get(name)?.set(value);
      before.set(name, JSON.stringify(fields.get(name)?.value()));
    },
    /** @param {string} name */
    isEdited: (name) => JSON.stringify(fields.get(name)?.value()) !== before.get(name),
    /** What is edited: the request besides its key. @returns {Row} */
    edits() {
      /** @type {Row} */
      const edits = {};
      for (const [name, field] of fields) {
        if (KEY.includes(name) || !isShown(name) || !form.isEdited(name)) continue;
        edits[name] = name === "capabilities" ? differing(field.value(), JSON.parse(before.get(name) ?? "{}")) : field.value();
      }
      return edits;
    },
    /** Put edits on top of what stands there. @param {Row} edits */
    edit(edits) {
      for (const [name, value] of Object.entries(edits)) fields.get(name)?.set(name === "capabilities" ? { ...fields.get(name)?.value(), ...value } : value);
      showPrices();
    },
    /** Show problems at their fields, opening their groups; what belongs to none is given back. @param {import("../api.js").Problem[]} problems */
    tell(problems) {
      /** @type {Map<string, string[]>} */
      const told = new Map();
      const lost = [];
      for (const problem of problems) {
        const [, name, ...within] = problem.loc.map(String);
        if (!fields.has(name) || !fields.get(name)?.element.isConnected) lost.push(problem);
        else told.set(name, [...(told.get(name) ?? []), within.map((part) => `${/^\d+$/.test(part) ? Number(part) + 1 : title(part)}: `).join("") + problem.msg]);
      }
      for (const [name, field] of fields) {
        field.tell(told.get(name) ?? []);
        const details = told.has(name) && field.element.closest("details");
        if (details) details.open = true;
      }
      return { told: [...told.keys()], lost };
    },
    /** What cannot be sent at all, as the server would tell it. @returns {import("../api.js").Problem[]} */
    troubles() {
      return [...fields].flatMap(([name, field]) => (isShown(name) && field.trouble() ? [{ loc: ["body", name], msg: String(field.trouble()) }] : []));
    },
    /** @param {boolean} isNew */
    lockKey(isNew) {
      for (const name of KEY) fields.get(name)?.control.toggleAttribute("readonly", !isNew);
    },
  };
  return form;
}

/** @param {Row} now @param {Row} before */
const differing = (now, before) => Object.fromEntries(Object.entries(now).filter(([key, value]) => value !== before[key]));
