// Where one is, in the address: `#/model/openai/gpt-4o?per=1k`. What can be seen can be sent to somebody.

/** @typedef {{view: string, rest: string, query: URLSearchParams}} Route */

/** @returns {Route} */
export function route() {
  const [path, query = ""] = split(location.hash.replace(/^#\/?/, ""), "?");
  const [view, rest = ""] = split(path, "/");
  return { view: view || "catalogue", rest: decoded(rest), query: new URLSearchParams(query) };
}

/**
 * The address of a view.
 * @param {string} view @param {string} [rest] @param {URLSearchParams | Record<string, string>} [query]
 */
export function address(view, rest = "", query) {
  const asked = new URLSearchParams(query).toString();
  const path = rest.split("/").map(encodeURIComponent).join("/");
  return `#/${view === "catalogue" ? "" : view}${rest && `/${path}`}${asked && `?${asked}`}`;
}

/** Go there. @param {string} to */
export const go = (to) => void (location.hash = to);

/** Remember a change within a view: nothing is loaded, and Back does not count each letter. @param {string} to */
export const note = (to) => history.replaceState(null, "", to);

/** @param {string} text @param {string} mark */
function split(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
