// One field of the form for each of the request's own schema: what it is asked by, what it says, what is wrong with it.

import { field, fill, h, segments, unique } from "../dom.js";
import { shifted, title, words } from "../text.js";

/**
 * A field: `value()` is null where nothing is said; `set` does not count as an edit.
 * @typedef {{name: string, element: HTMLElement, control: HTMLElement, value: () => any, set: (value: any) => void,
 *   tell: (messages: string[]) => void, trouble: () => string | null}} Field `trouble`: why it cannot be sent at all
 */

/** @typedef {Record<string, any>} Schema */

/** A schema without its `null`, and what it refers to in its place. @param {Schema} schema @param {Record<string, Schema>} schemas @returns {Schema} */
export function bare(schema, schemas) {
  const one = schema.anyOf ? schema.anyOf.filter((/** @type {Schema} */ kind) => kind.type !== "null") : [schema];
  if (one.length !== 1) return { type: "json" };
  return one[0].$ref ? schemas[one[0].$ref.split("/").pop() ?? ""] : one[0];
}

/** What a field is called; the rest by its name. @type {Record<string, string>} */
const LABELS = {
  base_url: "Base URL", model_id: "Model id on the wire", input_per_1k: "Input price per 1k tokens", output_per_1k: "Output price per 1k tokens",
  embed_per_1k: "Price per 1k tokens", rerank_per_1k: "Price per 1k tokens", per_request: "Price per request", pricing: "Rate cards (JSON)",
  effective_from: "Prices hold from", license: "Licence",
};

/** @param {string} name */
export const labelOf = (name) => LABELS[name] ?? title(name).replace(/\b(json|pdf|url)\b/gi, (word) => word.toUpperCase());

/**
 * @param {string} name @param {Schema} schema as it stands in the request @param {Record<string, Schema>} schemas
 * @param {Record<string, string>} [meanings] of the keys of a mapping
 * @returns {Field}
 */
export function makeField(name, schema, schemas, meanings = {}) {
  const kind = bare(schema, schemas);
  const made = maker(kind)(name, kind, schemas, meanings);
  const wrong = h("p", { class: "bad wrong", id: unique("wrong"), hidden: true });
  const hint = schema.description?.replaceAll("`", "");
  const element = made.isGroup
    ? h("fieldset", { class: "group wide" }, h("legend", null, labelOf(name)), hint && h("small", { class: "hint" }, hint), made.control)
    : field(labelOf(name), made.control, { hint, wide: kind.type === "json" });
  element.append(wrong);
  return {
    name,
    element,
    control: made.control,
    value: made.value,
    set: made.set,
    trouble: made.trouble ?? (() => null),
    tell(messages) {
      wrong.hidden = !messages.length;
      fill(wrong, messages.join("; "));
      element.classList.toggle("is-wrong", messages.length > 0);
      if (made.isGroup) element.setAttribute("aria-describedby", wrong.id);
      else {
        made.control.setAttribute("aria-invalid", String(messages.length > 0));
        made.control.setAttribute("aria-errormessage", wrong.id);
      }
    },
  };
}

/** @typedef {{control: HTMLElement, value: () => any, set: (value: any) => void, isGroup?: boolean, trouble?: () => string | null}} Made */
/** @typedef {(name: string, kind: Schema, schemas: Record<string, Schema>, meanings: Record<string, string>) => Made} Maker */

/** @param {Schema} kind @returns {Maker} */
function maker(kind) {
  if (kind.type === "json") return json;
  if (kind.enum) return choice;
  if (kind.type === "boolean") return (...told) => ({ ...states(...told), isGroup: true });
  if (kind.type === "array") return kind.items.enum ? several : list;
  if (kind.type === "object") return kind.propertyNames ? mapping : object;
  return kind.type === "string" ? text : number;
}

/** @type {Maker} */
function text(_, kind) {
  const isDay = kind.format === "date" || kind.pattern?.startsWith("^\\d{4}");
  const control = h("input", { type: "text", autocomplete: "off", spellcheck: "false", placeholder: isDay ? "YYYY-MM-DD" : null });
  return { control, value: () => control.value.trim() || null, set: (value) => (control.value = value ?? "") };
}

/** What is no number is sent as it stands: the server says what is wrong with it. @type {Maker} */
function number() {
  const control = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", class: "num" });
  const value = () => {
    const said = control.value.trim();
    return said === "" ? null : Number.isFinite(Number(said)) ? Number(said) : said;
  };
  return { control, value, set: (value) => (control.value = value === null || value === undefined ? "" : shifted(value)) };
}

/** @type {Maker} */
function choice(_, kind) {
  const control = h("select", null, h("option", { value: "" }, "not said"), kind.enum.map((/** @type {string} */ value) => h("option", { value }, value)));
  return { control, value: () => control.value || null, set: (value) => (control.value = value ?? "") };
}

/** @type {Maker} */
function list() {
  const control = h("textarea", { class: "short", spellcheck: "false", placeholder: "one a line" });
  const value = () => control.value.split("\n").map((line) => line.trim()).filter(Boolean);
  return { control, value: () => (value().length ? value() : null), set: (value) => (control.value = (value ?? []).join("\n")) };
}

/** @type {Maker} */
function several(_, kind) {
  const boxes = kind.items.enum.map((/** @type {string} */ value) => h("input", { type: "checkbox", value, id: unique("one") }));
  const control = h("div", { class: "several", tabindex: -1 }, boxes.map((/** @type {HTMLInputElement} */ box) => h("label", { class: "check", for: box.id }, box, words(box.value))));
  const value = () => boxes.filter((/** @type {HTMLInputElement} */ box) => box.checked).map((/** @type {HTMLInputElement} */ box) => box.value);
  return {
    control,
    isGroup: true,
    value: () => (value().length ? value() : null),
    set: (value) => boxes.forEach((/** @type {HTMLInputElement} */ box) => (box.checked = (value ?? []).includes(box.value))),
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
  return { control, value: () => now, set: (value) => ((now = value ?? null), draw()) };
}

/** @type {Maker} */
function mapping(_, kind, schemas, meanings) {
  /** @type {[string, Made][]} */
  const made = kind.propertyNames.enum.map((/** @type {string} */ key) => [key, states(key, kind, schemas, meanings)]);
  const rows = made.map(([key, one]) => h("div", { class: "state-row" }, h("span", null, labelOf(key), meanings[key] && h("small", { class: "soft" }, meanings[key])), one.control));
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
  const said = () => (control.value.trim() ? JSON.parse(control.value) : null);
  /** @template T @param {() => T} made @returns {T | string} */
  const tried = (made) => {
    try {
      return made();
    } catch (error) {
      return `is no JSON: ${/** @type {Error} */ (error).message}`;
    }
  };
  return {
    control,
    value: () => tried(said),
    set: (value) => (control.value = value === null || value === undefined ? "" : JSON.stringify(value, null, 2)),
    trouble: () => tried(() => void said()) ?? null,
  };
}
