// The form of a model: the fields of the server's own schema in groups; what it says is what differs from the row.

import { field, fill, h, segments, unique } from "../dom.js";
import { shifted, title, words } from "../text.js";

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
  const named = [FIRST, DATED, GROUPS.map(([, names]) => names), Object.values(PRICES)].flat(2);
  const last = group(REST, [...fields.keys()].filter((name) => !named.includes(name)));
  fields.get("provider")?.control.setAttribute("list", known.id);
  for (const name of KEY) fields.get(name)?.control.setAttribute("required", "");
  const element = h("div", { class: "stack" }, h("div", { class: "card fields" }, FIRST.map(elementOf), prices), known, GROUPS.map((one) => group(...one)), last);

  /** What every field said of the row, so that only an edit is sent. @type {Map<string, string>} */
  let before = new Map();

  /** @param {string} name */
  function elementOf(name) {
    return fields.get(name)?.element;
  }

  /** What a field says, to compare. @param {string} name */
  const said = (name) => JSON.stringify(fields.get(name)?.value());

  /** @param {string} label @param {string[]} names */
  function group(label, names) {
    return h("details", { class: "card" }, h("summary", null, label, " ", names.length > 1 && h("small", { class: "soft" }, names.map((name) => labelOf(name).toLowerCase()).join(", "))), h("div", { class: "fields" }, names.map(elementOf)));
  }

  const priced = () => PRICES[family.value] ?? PRICES.misc;

  function showPrices() {
    const shown = [...priced(), DATED];
    fill(prices, shown.map(elementOf));
    if (!shown.includes("pricing")) last.lastElementChild?.append(elementOf("pricing") ?? "");
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
      before = new Map([...fields.keys()].map((name) => [name, said(name)]));
      showPrices();
    },
    /** Let a value stand as if the row had it: it is not sent unless it is edited. @param {string} name @param {any} value */
    presume(name, value) {
      fields.get(name)?.set(value);
      before.set(name, said(name));
    },
    /** @param {string} name */
    isEdited: (name) => said(name) !== before.get(name),
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
        if (told.has(name)) field.element.closest("details")?.setAttribute("open", "");
      }
      return lost;
    },
    /** What cannot be sent at all, as the server would tell it. @returns {import("../api.js").Problem[]} */
    troubles() {
      return [...fields].flatMap(([name, field]) => (isShown(name) && field.trouble?.() ? [{ loc: ["body", name], msg: String(field.trouble()) }] : []));
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

/**
 * What is asked by one control, or by a group of them: `value()` is null where nothing is said; `set` does not count as an edit;
 * `trouble`: why it cannot be sent at all.
 * @typedef {{control: HTMLElement, value: () => any, set: (value: any) => void, isGroup?: boolean, trouble?: () => string | null}} Made
 */

/** @typedef {Record<string, any>} Schema */

/** A schema without its `null`, and what it refers to in its place. @param {Schema} schema @param {Record<string, Schema>} schemas @returns {Schema} */
function bare(schema, schemas) {
  const one = schema.anyOf ? schema.anyOf.filter((/** @type {Schema} */ kind) => kind.type !== "null") : [schema];
  if (one.length !== 1) return { type: "json" };
  return one[0].$ref ? schemas[one[0].$ref.split("/").pop() ?? ""] : one[0];
}

/** What a field is called; the rest by its name. @type {Record<string, string>} */
const LABELS = {
  model_id: "Model id on the wire", input_per_1k: "Input price per 1k tokens", output_per_1k: "Output price per 1k tokens",
  embed_per_1k: "Price per 1k tokens", rerank_per_1k: "Price per 1k tokens", per_request: "Price per request", pricing: "Rate cards (JSON)",
  effective_from: "Prices hold from", license: "Licence",
};

/** @param {string} name */
export const labelOf = (name) => LABELS[name] ?? title(name);

/**
 * @param {string} name @param {Schema} schema as it stands in the request @param {Record<string, Schema>} schemas
 * @param {Record<string, string>} [meanings] of the keys of a mapping
 * @returns {Field}
 */
function makeField(name, schema, schemas, meanings = {}) {
  const kind = bare(schema, schemas);
  const made = maker(kind)(name, kind, schemas, meanings);
  const wrong = h("p", { class: "bad wrong", id: unique("wrong"), hidden: true });
  const hint = schema.description?.replaceAll("`", "");
  const element = made.isGroup
    ? h("fieldset", { class: "group wide" }, h("legend", null, labelOf(name)), hint && h("small", { class: "hint" }, hint), made.control)
    : field(labelOf(name), made.control, { hint, wide: kind.type === "json" });
  element.append(wrong);
  return {
    ...made,
    name,
    element,
    tell(messages) {
      wrong.hidden = !messages.length;
      fill(wrong, messages.join("; "));
      if (made.isGroup) element.setAttribute("aria-describedby", wrong.id);
      else {
        made.control.setAttribute("aria-invalid", String(messages.length > 0));
        made.control.setAttribute("aria-errormessage", wrong.id);
      }
    },
  };
}

/** @typedef {Made & {name: string, element: HTMLElement, tell: (messages: string[]) => void}} Field */
/** @typedef {(name: string, kind: Schema, schemas: Record<string, Schema>, meanings: Record<string, string>) => Made} Maker */

/** @param {Schema} kind @returns {Maker} */
function maker(kind) {
  if (kind.type === "json") return json;
  if (kind.enum) return choice;
  if (kind.type === "boolean") return states;
  if (kind.type === "array") return kind.items.enum ? several : list;
  if (kind.type === "object") return kind.propertyNames ? mapping : object;
  return kind.type === "string" ? text : number;
}

/**
 * What is typed or chosen as text.
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control @param {(said: string) => any} read @param {(value: any) => string} write
 * @returns {Made}
 */
const typed = (control, read = String, write = String) => ({
  control,
  value: () => (control.value.trim() ? read(control.value.trim()) : null),
  set: (value) => (control.value = value == null ? "" : write(value)),
});

/** @type {Maker} */
const text = (_, kind) => typed(h("input", { autocomplete: "off", spellcheck: "false", placeholder: kind.format === "date" || kind.pattern?.startsWith("^\\d{4}") ? "YYYY-MM-DD" : null }));

/** What is no number is sent as it stands: the server says what is wrong with it. @type {Maker} */
const number = () => typed(h("input", { inputmode: "decimal", autocomplete: "off", class: "num" }), (said) => (Number.isFinite(Number(said)) ? Number(said) : said), shifted);

/** @type {Maker} */
const choice = (_, kind) => typed(h("select", null, h("option", { value: "" }, "not said"), kind.enum.map((/** @type {string} */ value) => h("option", null, value))));

/** @type {Maker} */
const list = () => typed(h("textarea", { class: "short", spellcheck: "false", placeholder: "one a line" }), (said) => said.split(/\s*\n\s*/), (value) => value.join("\n"));

/** @type {Maker} */
function several(_, kind) {
  /** @type {HTMLInputElement[]} */
  const boxes = kind.items.enum.map((/** @type {string} */ value) => h("input", { type: "checkbox", value }));
  return {
    control: h("div", { class: "row", tabindex: -1 }, boxes.map((box) => h("label", { class: "check" }, box, words(box.value)))),
    isGroup: true,
    value() {
      const said = boxes.filter((box) => box.checked).map((box) => box.value);
      return said.length ? said : null;
    },
    set: (value) => boxes.forEach((box) => (box.checked = !!value?.includes(box.value))),
  };
}

/** @type {[boolean | null, string][]} */
const STATES = [[true, "yes"], [false, "no"], [null, "unknown"]];

/** Yes, no, or nobody knows. @type {Maker} */
function states(name) {
  /** @type {boolean | null} */
  let now = null;
  const control = h("div", { tabindex: -1 });
  const draw = () => fill(control, segments(labelOf(name), STATES, now, (value) => (now = value)));
  draw();
  return { control, isGroup: true, value: () => now, set: (value) => ((now = value ?? null), draw()) };
}

/** @type {Maker} */
function mapping(_, kind, schemas, meanings) {
  /** @type {[string, Made][]} */
  const made = kind.propertyNames.enum.map((/** @type {string} */ key) => [key, states(key, kind, schemas, meanings)]);
  const rows = made.map(([key, one]) => h("div", { class: "row" }, h("span", null, labelOf(key), meanings[key] && h("small", { class: "soft" }, meanings[key])), one.control));
  return {
    control: h("div", { class: "states", tabindex: -1 }, rows),
    isGroup: true,
    value: () => Object.fromEntries(made.map(([key, one]) => [key, one.value()])),
    set: (value) => made.forEach(([key, one]) => one.set(value?.[key])),
  };
}

/** @type {Maker} */
function object(_, kind, schemas) {
  const made = Object.entries(kind.properties).map(([key, schema]) => makeField(key, schema, schemas));
  const said = () => Object.fromEntries(made.map((one) => [one.name, one.value()]));
  return {
    control: h("div", { class: "fields", tabindex: -1 }, made.map((one) => one.element)),
    isGroup: true,
    value: () => (Object.values(said()).some((value) => value !== null) ? said() : null),
    set: (value) => made.forEach((one) => one.set(value?.[one.name])),
  };
}

/** @type {Maker} */
function json() {
  const control = h("textarea", { spellcheck: "false", rows: 12, placeholder: '[{"effective_from": "2026-01-01", "currency": "USD", "per_request": 0.01}]' });
  const trouble = () => {
    try {
      return JSON.parse(control.value.trim() || "null") && null;
    } catch (error) {
      return `is no JSON: ${/** @type {Error} */ (error).message}`;
    }
  };
  return { ...typed(control, (said) => (trouble() ? said : JSON.parse(said)), (value) => JSON.stringify(value, null, 2)), trouble };
}
