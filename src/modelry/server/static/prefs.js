// What a person likes, kept in the browser: the unit of prices, the theme, the columns; and which models are being compared.

/** @typedef {import("./text.js").Per} Per */
/** @typedef {"auto" | "light" | "dark"} Theme */

export const MOST_COMPARED = 6;

/** Tells `per`, `theme`, `columns` and `chosen` when they change. */
class Prefs extends EventTarget {
  /** @returns {Per} */
  get per() {
    return /** @type {Per} */ (kept("per", "1M"));
  }

  /** @param {Per} per */
  set per(per) {
    this.#keep("per", per);
  }

  /** @returns {Theme} */
  get theme() {
    return /** @type {Theme} */ (kept("theme", "auto"));
  }

  /** @param {Theme} theme */
  set theme(theme) {
    this.#keep("theme", theme);
  }

  /** Ids of the models to compare. @returns {string[]} */
  get chosen() {
    return kept("chosen", "").split("\n").filter(Boolean);
  }

  /** @param {string[]} ids */
  set chosen(ids) {
    this.#keep("chosen", ids.slice(0, MOST_COMPARED).join("\n"));
  }

  /** Choose a model for comparison or leave it; false where there are enough. @param {string} id */
  toggle(id) {
    const ids = this.chosen;
    if (ids.includes(id)) this.chosen = ids.filter((one) => one !== id);
    else if (ids.length < MOST_COMPARED) this.chosen = [...ids, id];
    else return false;
    return true;
  }

  /** @param {string} name @param {string} value */
  #keep(name, value) {
    if (kept(name, "") === value) return;
    memory.set(name, value);
    try {
      localStorage.setItem(`modelry.${name}`, value);
    } catch {
      // a browser that keeps nothing: it holds until the page is left
    }
    this.dispatchEvent(new Event(name));
  }
}

/** @type {Map<string, string>} */
const memory = new Map();

/** @param {string} name @param {string} otherwise */
function kept(name, otherwise) {
  if (!memory.has(name)) {
    let value = null;
    try {
      value = localStorage.getItem(`modelry.${name}`);
    } catch {
      // the same
    }
    memory.set(name, value ?? otherwise);
  }
  return /** @type {string} */ (memory.get(name));
}

export const prefs = new Prefs();
