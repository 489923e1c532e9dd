// Numbers and dates as people read them. Prices are moved by their decimal point as text: no float touches them.

/**
 * A number's digits, its point moved to the right by `places`, without an exponent and exactly.
 * @param {number | string} number @param {number} [places]
 */
export function shifted(number, places = 0) {
  const found = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(String(number).trim());
  if (!found) return String(number);
  const [, sign, whole, part, exponent] = found;
  const digits = whole + part;
  const point = whole.length + Number(exponent ?? 0) + places;
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = Math.max(point, 1);
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, "");
  const right = padded.slice(at).replace(/0+$/, "");
  return (/^0*$/.test(digits) ? "" : sign) + left + (right && `.${right}`);
}

/** The powers of ten of the price units. @type {Record<string, number>} */
export const PLACES = { "1M": 6, "1k": 3, 1: 0 };

/** @typedef {"1M" | "1k" | "1"} Per tokens that a price is told for */

/** @type {[Per, string][]} */
export const PERS = [["1M", "per 1M tokens"], ["1k", "per 1k tokens"], ["1", "per token"]];

const SIGNS = /** @type {Record<string, string>} */ ({ USD: "$", EUR: "€", GBP: "£", CNY: "CN¥", JPY: "JP¥" });

/**
 * An amount with its currency: `$2.50`, `$0.0000025`, `12.00 XYZ`; every digit of it.
 * @param {number | string} amount @param {string} [currency]
 */
export function money(amount, currency = "USD") {
  const [whole, part = ""] = shifted(amount).split(".");
  const text = `${grouped(whole)}.${part.padEnd(2, "0")}`;
  const sign = SIGNS[currency];
  if (!sign) return `${text} ${currency}`;
  return text.startsWith("-") ? `-${sign}${text.slice(1)}` : sign + text;
}

/**
 * The price of tokens in the unit that was chosen.
 * @param {number | string} rate price of one token @param {Per} per @param {string} [currency]
 */
export const tokenPrice = (rate, per, currency) => money(shifted(rate, PLACES[per]), currency);

/**
 * A cost, to a length that can be read: four digits from the first one that counts, cents at least.
 * @param {number | string} amount @param {string} [currency]
 */
export function about(amount, currency = "USD") {
  const number = Number(amount);
  if (!number) return money(0, currency);
  const digits = Math.min(Math.max(2, 3 - Math.floor(Math.log10(Math.abs(number)))), 20);
  return money(number.toFixed(digits), currency);
}

/** @param {string} whole */
const grouped = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ",");

/** A count: 128,000. @param {number} number */
export const count = (number) => grouped(String(Math.round(number)));

/** A count in few letters: 128k, 1.05M. @param {number} number */
export function short(number) {
  for (const [size, letter] of /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]])) {
    if (Math.abs(number) >= size) return `${Number((number / size).toPrecision(3))}${letter}`;
  }
  return String(number);
}

/** `input_audio` -> `input audio`. @param {string} name */
export const words = (name) => name.replaceAll("_", " ");

/** `cached_input` -> `Cached input`, `json_mode` -> `JSON mode`. @param {string} name */
export const title = (name) => words(name).replace(/\b(pdf|json|url)\b|^./g, (part) => part.toUpperCase());

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** 2026-11-20 -> 20 Nov 2026; what is no day stays. @param {string} date */
export function day(date) {
  const found = /^(\d{4})-(\d\d)(?:-(\d\d))?/.exec(date);
  if (!found) return date;
  const [, year, month, of] = found;
  return [of && Number(of), MONTHS[Number(month) - 1] ?? month, year].filter(Boolean).join(" ");
}

/** Days from today to a day; negative where it is over. @param {string} date */
export const daysUntil = (date) => Math.ceil((Date.parse(date.slice(0, 10)) - Date.now()) / 86_400_000);

/** `in 12 days`, `3 months ago`. @param {string} date */
export function away(date) {
  const days = daysUntil(date);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const size = Math.abs(days);
  if (size < 60) return format.format(days, "day");
  return size < 730 ? format.format(Math.round(days / 30.4), "month") : format.format(Math.round(days / 365), "year");
}

/** The text of a value for a cell or a list. @param {unknown} value @returns {string} */
export function plain(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return shifted(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return JSON.stringify(value);
}
