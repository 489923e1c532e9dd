// The rows that the table, the plots and the choices are made of: asked for once, and again when the server has others.

import { get } from "./api.js";

/**
 * A row as the page holds it; `raw` is what the server sent.
 * @typedef {{
 *   id: string, provider: string, model: string, name: string, text: string, names: string, letters: number, base: string | null,
 *   components: string[], capabilities: Record<string, boolean>, takes: string[], gives: string[],
 *   context: number | null, output: number | null, status: string | null, released: string | null, ends: string | null,
 *   open: boolean | null, verified: boolean, currency: string, rates: Record<string, number | {amount: number, per: number}>, free: boolean,
 *   raw: Record<string, any>,
 * }} Row
 */

/** @typedef {{
 *   capabilities: Record<string, string>, components: Record<string, {family: string, modes: string[]}>, modalities: string[],
 *   statuses: string[], roles: Record<string, {meaning: string, component: string, capabilities: string[]}>,
 *   meters: Record<string, {bucket: string, unit: string, direction: string | null}>,
 *   conditions: Record<string, {fact: string, meaning: string}>,
 * }} Vocabulary */

const FIELDS = [
  "display_name", "aliases", "base_model", "components", "capabilities", "modalities", "context", "max_output_tokens", "status",
  "release_date", "deprecation_date", "open_weights", "verification", "rates",
].join();

const EVERY = 30_000;

/** Tells `change` when its rows are others, and `trouble` when they cannot be had. */
export class Catalogue extends EventTarget {
  /** @type {Row[]} */
  rows = [];
  /** @type {Map<string, Row>} */
  byId = new Map();
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

  /** @param {any} data */
  take(data) {
    this.rows = data.models.map(rowOf).sort(newestFirst);
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
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

/** @param {any} raw @returns {Row} */
function rowOf(raw) {
  const id = `${raw.provider}/${raw.model}`;
  const name = raw.display_name ?? raw.model;
  const { currency = "USD", ...rates } = raw.rates ?? {};
  const text = plainLetters(`${id} ${raw.display_name ?? ""} ${(raw.aliases ?? []).join(" ")}`);
  const names = plainLetters(`|${[id, raw.model, name, ...(raw.aliases ?? [])].join("|")}|`).replaceAll(" ", "-");
  const amounts = Object.values(rates).map((rate) => rate?.amount ?? rate);
  return {
    id, provider: raw.provider, model: raw.model, name, text, names, letters: lettersOf(text), base: raw.base_model ?? null,
    components: raw.components ?? [], capabilities: raw.capabilities ?? {},
    takes: raw.modalities?.input ?? [], gives: raw.modalities?.output ?? [],
    context: raw.context ?? null, output: raw.max_output_tokens ?? null,
    status: raw.status ?? null, released: raw.release_date ?? null, ends: raw.deprecation_date ?? null,
    open: raw.open_weights ?? null, verified: raw.verification?.status === "verified",
    currency, rates, free: amounts.length > 0 && amounts.every((amount) => amount === 0), raw,
  };
}

/** What makers serve themselves, then what others serve of it; each the newest first. @param {Row} a @param {Row} b */
function newestFirst(a, b) {
  const own = Number(b.base === b.id) - Number(a.base === a.id);
  return own || compared(b.released ?? "", a.released ?? "") || compared(a.id, b.id);
}

/** @param {string} a @param {string} b */
const compared = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

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
  const found = row.rates[meter];
  return found === undefined || found === null ? null : typeof found === "number" ? found : found.amount / found.per;
}
