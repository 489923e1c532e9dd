// The rows that the table, the plots and the choices are made of: asked for once, and again when the server has others.

import { get } from "./api.js";
import { ranked } from "./ranking.js";

/** @typedef {{
 *   capabilities: Record<string, string>, components: Record<string, {family: string, modes: string[]}>, modalities: string[],
 *   statuses: string[], roles: Record<string, {meaning: string, component: string, capabilities: string[]}>,
 *   meters: Record<string, {bucket: string, unit: string, direction: string | null}>,
 *   conditions: Record<string, {fact: string, meaning: string}>,
 * }} Vocabulary */

const FIELDS = [
  "display_name", "aliases", "base_model", "components", "capabilities", "modalities", "context", "max_input_tokens", "max_output_tokens", "status",
  "release_date", "deprecation_date", "open_weights", "verification", "rates",
].join();

const EVERY = 30_000;

/** Tells `change` when its rows are others, and `trouble` when they cannot be had. */
export class Catalogue extends EventTarget {
  /** @type {Row[]} */
  rows = [];
  /** @type {Map<string, Row> | null} */
  #byId = null;
  /** @type {Vocabulary} */
  vocabulary = { capabilities: {}, components: {}, modalities: [], statuses: [], roles: {}, meters: {}, conditions: {} };
  /** @type {string | null} */
  updated = null;
  version = "";
  isLoaded = false;
  /** @type {Error | null} */
  trouble = null;

  /** Ask for the rows; who waits for them is told by `change` or `trouble`. */
  async load() {
    try {
      const [data, vocabulary, state] = await Promise.all([
        get(`/api/models?fields=${FIELDS}`),
        get("/api/vocabulary"),
        get("/api/ready").catch(() => null),
      ]);
      this.vocabulary = vocabulary;
      this.take(data);
      this.version = state?.version ?? "";
    } catch (error) {
      this.trouble = /** @type {Error} */ (error);
      this.dispatchEvent(new Event("trouble"));
    }
  }

  get byId() {
    this.#byId ??= new Map(this.rows.map((row) => [row.id, row]));
    return this.#byId;
  }

  /** @param {any} data */
  take(data) {
    this.rows = ranked(data.models.map((/** @type {any} */ raw) => new Row(raw)), newest);
    this.#byId = null;
    this.updated = data.last_updated;
    this.isLoaded = true;
    this.trouble = null;
    this.dispatchEvent(new Event("change"));
  }

  /** Look every half minute, and when somebody comes back to the page, whether there is another version. */
  watch() {
    const look = async () => {
      if (document.hidden) return;
      const state = await get("/api/ready").catch(() => null);
      if (state && state.version !== this.version) await this.load();
    };
    setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look);
  }
}

/** A row as the page reads it; `raw` is what the server sent. */
export class Row {
  /** @type {{text: string, names: string, letters: number, rank: number} | undefined} */
  #words;

  /** @param {Record<string, any>} raw */
  constructor(raw) {
    this.raw = raw;
    this.id = `${raw.provider}/${raw.model}`;
  }

  /** @returns {string} */
  get provider() {
    return this.raw.provider;
  }

  /** @returns {string} */
  get model() {
    return this.raw.model;
  }

  /** @returns {string} */
  get name() {
    return this.raw.display_name ?? this.model;
  }

  /** @returns {string | null} */
  get base() {
    return this.raw.base_model ?? null;
  }

  /** @returns {string[]} */
  get components() {
    return this.raw.components ?? NONE;
  }

  /** @returns {Record<string, boolean>} */
  get capabilities() {
    return this.raw.capabilities ?? NOTHING;
  }

  /** @returns {string[]} */
  get takes() {
    return this.raw.modalities?.input ?? NONE;
  }

  /** @returns {string[]} */
  get gives() {
    return this.raw.modalities?.output ?? NONE;
  }

  /** Its window, or what that is at least: the longest input. @returns {number | null} */
  get context() {
    return this.raw.context ?? this.raw.max_input_tokens ?? null;
  }

  /** @returns {number | null} */
  get output() {
    return this.raw.max_output_tokens ?? null;
  }

  /** @returns {string | null} */
  get status() {
    return this.raw.status ?? null;
  }

  /** @returns {string | null} */
  get released() {
    return this.raw.release_date ?? null;
  }

  /** @returns {string | null} */
  get ends() {
    return this.raw.deprecation_date ?? null;
  }

  /** @returns {boolean | null} */
  get open() {
    return this.raw.open_weights ?? null;
  }

  /** @returns {string} */
  get currency() {
    return this.raw.rates?.currency ?? "USD";
  }

  get #rank() {
    const life = this.status === "retired" ? -12 : this.status === "deprecated" ? -0.5 : 0;
    return life + (this.base === this.id ? 8 : 0) - this.id.length / 4;
  }

  /** Its context in words, `≥` where only the longest input is known. @param {(tokens: number) => string} written */
  contextAs(written) {
    return this.context === null ? null : (this.raw.context ? "" : "≥ ") + written(this.context);
  }

  get verified() {
    return this.raw.verification?.status === "verified";
  }

  /** Base rates in force, by meter. @returns {Record<string, Rate>} */
  get rates() {
    const { currency: _, ...rates } = this.raw.rates ?? NOTHING;
    return rates;
  }

  get free() {
    const amounts = Object.values(this.rates).map((rate) => (typeof rate === "object" ? rate?.amount : rate));
    return amounts.length > 0 && amounts.every((amount) => amount === 0);
  }

  /** What a search looks into: everything it is called, each name whole between bars, the letters in it, and its rank among equals. */
  get words() {
    if (!this.#words) {
      const called = [this.id, this.model, this.name, ...(this.raw.aliases ?? NONE)].map(plainLetters);
      const text = called.join(" ");
      this.#words = { text, names: ["", ...called, ""].join("|").replace(/[ /]/g, "-"), letters: lettersOf(text), rank: this.#rank };
    }
    return this.#words;
  }
}

/** A price of one unit, or of several. @typedef {number | null | {amount: number, per: number}} Rate */

/** @type {string[]} */
const NONE = [];
const NOTHING = {};

/** What makers serve themselves before what others serve of it, each the newest first: their days as numbers. @param {Row} row */
const newest = (row) => Number(row.base === row.id && 1e8) + (Number(row.released?.replaceAll("-", "").padEnd(8, "0")) || 0);

/** A text as it is searched: lower case, and all that parts words alike (`4.5` is `4-5`). @param {string} text */
export const plainLetters = (text) => text.toLowerCase().replace(/[._:]/g, "-");

/** Which letters and digits a text has, a bit each: most rows that a search cannot find are known by this alone. @param {string} text */
export function lettersOf(text) {
  let bits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 97 && code <= 122) bits |= 1 << (code - 97);
    else if (code >= 48 && code <= 57) bits |= 1 << (26 + ((code - 48) >> 1));
  }
  return bits;
}

/** The price of one unit of a meter, null where none is known. @param {Row} row @param {string} meter */
export function rate(row, meter) {
  const found = row.raw.rates?.[meter];
  return found === undefined || found === null ? null : typeof found === "number" ? found : found.amount / found.per;
}
