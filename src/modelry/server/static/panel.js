// The filters beside the table. What is chosen stands in the address; here it is shown and changed.

import { arrange, button, field, h } from "./dom.js";
import { count, title } from "./text.js";

/** @typedef {(key: string, values: string[]) => void} Asks */

/**
 * What is chosen from a list: its key in the address, and what a row has of it. `find` is whether it is long enough to be
 * searched, `few` how many stand there at first. To add a list, add a row.
 * @typedef {{key: string, label: string, of: (row: import("./catalogue.js").Row) => string[], find?: boolean, few?: number}} List
 */

/** @type {List[]} */
const LISTS = [
  { key: "provider", label: "Provider", of: (row) => [row.provider], find: true, few: 8 },
  { key: "component", label: "Component", of: (row) => row.components },
  { key: "capability", label: "Capability", of: (row) => Object.keys(row.capabilities).filter((name) => row.capabilities[name]), few: 8 },
  { key: "takes", label: "Takes", of: (row) => row.takes },
  { key: "gives", label: "Gives", of: (row) => row.gives },
  { key: "status", label: "Status", of: (row) => [row.status ?? "unknown"] },
];

const CONTEXTS = ["8000", "32000", "128000", "200000", "1000000"];

/**
 * @param {import("./main.js").App} app @param {Asks} asks what to do when a filter is changed
 */
export function panel(app, asks) {
  const lists = LISTS.map((list) => checklist(list, asks));
  const elements = lists.map(({ element }) => element);
  const numbers = [
    numeric("min_price", "from, $", asks),
    numeric("max_price", "to, $", asks),
    numeric("min_context", "Context of at least", asks, CONTEXTS),
  ];
  const flags = [flag("free", "Free of charge", asks), flag("open", "Open weights", asks), flag("verified", "Verified by the provider", asks)];
  const [from, to, context] = numbers;
  const element = h(
    "aside", { class: "panel", "aria-label": "Filters" },
    elements.slice(0, 3),
    h("fieldset", { class: "group" }, h("legend", null, "Input price per 1M tokens"), h("div", { class: "pair" }, from.element, to.element)),
    h("fieldset", { class: "group" }, h("legend", null, "Context, tokens"), context.element),
    elements.slice(3),
    h("fieldset", { class: "group" }, h("legend", null, "Besides"), flags.map((one) => one.element)),
  );
  const controls = [...lists, ...numbers, ...flags];
  return {
    element,
    /** Show what there is to choose from. */
    fill() {
      const { rows, vocabulary } = app.catalogue;
      for (const { key, of, offer } of lists) offer(tally(rows, of), key === "capability" ? vocabulary.capabilities : {});
    },
    /** Show what an address asks. @param {URLSearchParams} query */
    read(query) {
      for (const control of controls) control.read(query.getAll(control.key).filter(Boolean));
    },
  };
}

/** How often each word occurs, the most frequent first. @template T @param {T[]} rows @param {(row: T) => Iterable<string>} of */
function tally(rows, of) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const row of rows) for (const word of of(row)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/**
 * Boxes to check: the most frequent, those that are checked, and, when they are asked for, all.
 * @param {List} list @param {Asks} asks
 */
function checklist({ key, label, of, find = false, few = Infinity }, asks) {
  /** @type {Map<string, HTMLElement>} */
  const lines = new Map();
  /** @type {[string, number][]} */
  let offered = [];
  /** @type {Record<string, string>} */
  let meanings = {};
  /** @type {string[]} */
  let chosen = [];
  let isWhole = few === Infinity;
  const list = h("div", { class: find ? "options tall" : "options" });
  const more = button("", () => ((isWhole = !isWhole), show()), "quiet more");
  const wanted = h("input", { type: "text", "aria-label": `Find a ${label.toLowerCase()}`, placeholder: "Find …", hidden: !find, oninput: () => show() });

  /** @param {string} value @param {number} times */
  const line = (value, times) => {
    const changed = () => asks(key, box.checked ? [...chosen, value] : chosen.filter((one) => one !== value));
    const box = h("input", { type: "checkbox", onchange: changed });
    const name = key === "provider" || key === "component" ? value : title(value);
    return h("label", { class: "check", title: meanings[value] }, box, h("span", null, name), h("small", null, count(times)));
  };
  const show = () => {
    const text = wanted.value.toLowerCase();
    const fitting = text ? offered.filter(([value]) => value.toLowerCase().includes(text)) : offered;
    const shown = isWhole || text ? fitting : fitting.filter(([value], place) => place < few || chosen.includes(value));
    for (const [value, times] of shown) lines.set(value, lines.get(value) ?? line(value, times));
    arrange(list, shown.map(([value]) => /** @type {HTMLElement} */ (lines.get(value))));
    for (const [value, one] of lines) /** @type {HTMLInputElement} */ (one.firstChild).checked = chosen.includes(value);
    more.textContent = isWhole ? "Fewer" : `All ${offered.length}`;
    more.hidden = offered.length <= few || text !== "";
  };

  return {
    key,
    of,
    element: h("fieldset", { class: "group" }, h("legend", null, label), wanted, list, more),
    /** @param {[string, number][]} counted @param {Record<string, string>} meaning */
    offer(counted, meaning) {
      [offered, meanings] = [counted, meaning];
      lines.clear();
      show();
    },
    /** @param {string[]} values */
    read(values) {
      if (values.join() === chosen.join()) return;
      chosen = values;
      show();
    },
  };
}

/** @param {string} key @param {string} label @param {Asks} asks @param {string[]} [usual] */
function numeric(key, label, asks, usual) {
  const list = usual && h("datalist", { id: `usual-${key}` }, usual.map((value) => h("option", { value })));
  const input = h("input", { type: "number", min: 0, step: "any", inputmode: "decimal", list: list?.id, oninput: () => asks(key, input.value ? [input.value] : []) });
  return {
    key,
    element: h("div", null, field(label, input), list),
    /** @param {string[]} values */
    read(values) {
      if (document.activeElement !== input) input.value = values[0] ?? "";
    },
  };
}

/** @param {string} key @param {string} label @param {Asks} asks */
function flag(key, label, asks) {
  const box = h("input", { type: "checkbox", onchange: () => asks(key, box.checked ? ["yes"] : []) });
  return {
    key,
    element: h("label", { class: "check" }, box, label),
    /** @param {string[]} values */
    read(values) {
      box.checked = values.length > 0;
    },
  };
}
