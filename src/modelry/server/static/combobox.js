// A search box that offers models while one types, worked by keyboard, mouse and screen reader alike.
//
//   text ──> search ──> rows, the nearest first ──> the listbox

import { h, field, fill, unique } from "./dom.js";
import { search } from "./search.js";
import { count } from "./text.js";

/** @typedef {import("./catalogue.js").Row} Row */

const MOST_SHOWN = 40;

/**
 * The box. `onchoose` is told the id of what is chosen and, where it is one of the catalogue, its row.
 *
 * @param {{catalogue: import("./catalogue.js").Catalogue}} app
 * @param {{label: string, onchoose: (id: string, row?: Row) => void, fits?: (row: Row) => boolean, holds?: boolean,
 *   isFree?: () => boolean, hint?: import("./dom.js").Child, placeholder?: string}} how
 *   `fits`: offer these only; `holds`: keep the chosen id in the box, and an emptied box is a choice too ("");
 *   `isFree`: whether Enter, or leaving the box, takes a text that nothing is offered for.
 * @returns {{element: HTMLElement, input: HTMLInputElement, value: string}} `value` can be set; nobody is told
 */
export function modelBox(app, { label, onchoose, fits, holds = false, isFree = () => false, hint, placeholder = "Name, provider, alias" }) {
  const list = h("ul", { role: "listbox", id: unique("models"), "aria-label": "Suggestions" });
  const told = h("p", { class: "hint", role: "status" });
  const popup = h("div", { class: "popup", hidden: true }, list, told);
  const input = h("input", {
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", placeholder,
  });
  const element = field(label, input, { hint });
  element.classList.add("combobox");
  const under = h("div", { class: "under" });
  input.replaceWith(under);
  under.append(input, popup);

  /** @type {Row[]} */
  let offered = [];
  let active = -1;
  let held = "";

  const isOpen = () => !popup.hidden;

  function open() {
    const { catalogue } = app;
    const text = input.value === held ? "" : input.value.trim();
    const id = text.toLowerCase().split(/\s+/).join("/"); // what is typed as provider and name
    const found = search(fits ? catalogue.rows.filter(fits) : catalogue.rows, text).toSorted((a, b) => Number(b.id === id) - Number(a.id === id));
    offered = found.slice(0, MOST_SHOWN);
    fill(list, offered.map(option));
    const more = found.length - offered.length;
    fill(told, !catalogue.isLoaded ? "The catalogue is on its way …" : !found.length ? none() : more > 0 && `and ${count(more)} more: type on`);
    popup.hidden = false;
    list.hidden = !offered.length;
    expand(offered.length > 0);
  }

  /** @param {boolean} isExpanded */
  function expand(isExpanded) {
    active = -1;
    input.setAttribute("aria-expanded", String(isExpanded));
    input.removeAttribute("aria-activedescendant");
  }

  const none = () => (isFree() ? "Nothing is offered; Enter takes the text as it stands." : fits ? "No fitting model is called so." : "No model is called so.");

  function close() {
    popup.hidden = true;
    expand(false);
  }

  /** @param {Row} row @param {number} at */
  function option(row, at) {
    return h(
      "li",
      { role: "option", id: `${list.id}-${at}`, "aria-selected": "false", onclick: () => choose(row.id, row) },
      h("span", null, row.id),
      h("small", null, [row.name !== row.model && row.name, /^(deprecated|retired)$/.test(row.status ?? "") && row.status].filter(Boolean).join(" · ")),
    );
  }

  /** @param {number} to */
  function move(to) {
    if (!offered.length) return;
    list.children[active]?.setAttribute("aria-selected", "false");
    active = (to + offered.length) % offered.length;
    const option = list.children[active];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  /** @param {string} id @param {Row} [row] */
  function choose(id, row) {
    held = holds ? id : "";
    input.value = held;
    close();
    onchoose(id, row);
  }

  /** The text as it stands: an id, or what the caller lets through. */
  function take() {
    const text = input.value.trim();
    const row = app.catalogue.byId.get(text);
    if (text === held) return close();
    if (row && (!fits || fits(row))) choose(row.id, row);
    else if (holds && !text) choose("");
    else if (text && isFree()) choose(text, row);
    else return false;
  }

  /** @type {Record<string, () => unknown>} */
  const keys = {
    ArrowDown: () => (isOpen() ? move(active + 1) : (open(), move(0))),
    ArrowUp: () => (isOpen() ? move(active < 0 ? -1 : active - 1) : (open(), move(-1))),
    Enter: () => {
      if (active >= 0) choose(offered[active].id, offered[active]);
      else if (take() === false && isOpen() && offered.length) choose(offered[0].id, offered[0]);
    },
    Escape: () => {
      if (!isOpen()) input.value = held;
      close();
    },
  };
  input.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    if (event.key === "Escape") event.stopPropagation();
    keys[event.key]();
  });
  input.addEventListener("input", open);
  input.addEventListener("click", () => isOpen() || open());
  input.addEventListener("blur", () => {
    close();
    if (holds && take() === false) input.value = held;
  });
  popup.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays where one types
  app.catalogue.addEventListener("change", () => isOpen() && open());

  return {
    element,
    input,
    get value() {
      return held;
    },
    set value(id) {
      held = id;
      input.value = id;
    },
  };
}
