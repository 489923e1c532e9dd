// A write that was refused: in the server's words, and what one can do.

import { Refused, Unreachable } from "../api.js";
import { h } from "../dom.js";

/** @type {Record<number, string>} */
const ADVICE = {
  401: "This server is written with its token: put it into “Write token” and try again.",
  403: "This server is written from its own machine alone. Open this page there, or start the server with MODELRY_WRITE_TOKEN and give that token here.",
  409: "Nothing can be written here. Open this page at the primary and write there.",
  503: "The catalogue of this server has to be mended first.",
};

/**
 * The note. Raises what is neither a refusal nor an absence.
 * @param {unknown} error
 * @param {{token?: ReturnType<typeof import("./token.js").tokenField>, actions?: import("../dom.js").Child[]}} [how]
 */
export function refusal(error, { token, actions = [] } = {}) {
  if (error instanceof Unreachable) return noted(["The server cannot be reached. Try again when it is back; what you filled in stays."], actions);
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401 || error.status === 403) queueMicrotask(() => token?.isWanted());
  return noted([error.message, ADVICE[error.status]], actions);
}

/** @param {(string | undefined)[]} texts @param {import("../dom.js").Child[]} actions */
function noted([what, advice], actions) {
  return h("div", { class: "note bad stack", role: "alert" }, h("p", null, what), advice && h("p", null, advice), actions.length > 0 && h("div", { class: "row" }, actions));
}
