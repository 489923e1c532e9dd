// What the server is asked. It either answers, refuses with a reason, or cannot be reached.

/** One problem of a request: where, and what. @typedef {{loc: (string | number)[], msg: string, [more: string]: any}} Problem */

/** The server said no. */
export class Refused extends Error {
  /** @param {number} status @param {string | Problem[]} detail @param {string[]} [suggestions] */
  constructor(status, detail, suggestions = []) {
    super(typeof detail === "string" ? detail : detail.map((one) => one.msg).join("; "));
    this.status = status;
    this.problems = typeof detail === "string" ? [] : detail;
    this.suggestions = suggestions;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
  }
}

/** Tells `away` and `back`. */
export const connection = new EventTarget();

let isAway = false;

/** @param {boolean} now */
function reached(now) {
  if (isAway === !now) return;
  isAway = !now;
  connection.dispatchEvent(new Event(now ? "back" : "away"));
}

/** @typedef {{method?: string, body?: unknown, token?: string, ifMatch?: string, signal?: AbortSignal}} Asked */

/**
 * What the server answers. `path` is one of its own.
 * @param {string} path @param {Asked} [asked]
 * @returns {Promise<{data: any, etag: string | null}>}
 */
export async function ask(path, { method = "GET", body, token, ifMatch, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  if (ifMatch) headers["if-match"] = ifMatch;
  let answer, text;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
    text = await answer.text(); // its own json() takes twice as long over the 4 MB of the catalogue
  } catch (error) {
    if (signal?.aborted) throw error;
    reached(false);
    throw new Unreachable();
  }
  reached(true);
  const data = parsed(text);
  if (!answer.ok) throw new Refused(answer.status, data?.detail ?? `The server answered ${answer.status}.`, data?.suggestions);
  return { data, etag: answer.headers.get("etag") };
}

/** @param {string} path @param {Asked} [asked] @returns {Promise<any>} */
export const get = async (path, asked) => (await ask(path, asked)).data;

/** @param {string} path @param {unknown} body @param {Asked} [asked] @returns {Promise<any>} */
export const post = async (path, body, asked) => (await ask(path, { ...asked, method: "POST", body })).data;

/** The path of a row's routes: `rowPath("id", "openai/gpt-4o")`. @param {string} route @param {string} id */
export function rowPath(route, id) {
  const [provider, ...name] = id.split("/");
  return `/api/models/${route}/${[provider, ...name].map(encodeURIComponent).join("/")}`;
}

/** Null where somebody in between answered with a page of his own. @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
