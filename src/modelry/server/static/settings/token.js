// Who may write, and what one can do where that was refused.

import { Refused, Unreachable, get } from "../api.js";
import { field, h } from "../dom.js";

/** The write token, never in storage or the address: its field, what stands in it; `isWanted` marks and focuses it. */
export function tokenField() {
  const input = h("input", { type: "password", autocomplete: "off", oninput: () => input.removeAttribute("aria-invalid") });
  return {
    element: field("Write token", input, { hint: "Only where this server wants one (MODELRY_WRITE_TOKEN). It is forgotten when the page is left." }),
    get value() {
      return input.value;
    },
    isWanted() {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      input.select();
    },
  };
}

/** @typedef {ReturnType<typeof tokenField>} Token */

/** @type {Record<number, string>} */
const ADVICE = {
  401: "This server is written with its token: put it into “Write token” and try again.",
  403: "This server is written from its own machine alone. Open this page there, or start the server with MODELRY_WRITE_TOKEN and give that token here.",
  409: "Nothing can be written here. Open this page at the primary and write there.",
  503: "The catalogue of this server has to be mended first.",
};

/**
 * The note. Raises what is neither a refusal nor an absence.
 * @param {unknown} error @param {Token | null} token @param {import("../dom.js").Child[]} actions
 */
export function refusal(error, token, ...actions) {
  const isAway = error instanceof Unreachable;
  if (!isAway && !(error instanceof Refused)) throw error;
  const status = isAway ? 0 : error.status;
  const advice = isAway ? "Try again when it is back; what you filled in stays." : ADVICE[status];
  const told = h("p", null, advice);
  if (status === 401 || status === 403) queueMicrotask(() => token?.isWanted());
  if (status === 409) void primary().then((page) => page && told.append(" ", h("a", { href: page + location.hash }, page)));
  return h("div", { class: "note bad stack", role: "alert" }, h("p", null, error.message), advice && told, actions.length > 0 && h("div", { class: "row" }, actions));
}

/** The page of the server that a replica follows, where that is one and not a file. */
async function primary() {
  const state = await get("/api/ready").catch(() => null);
  return /^https?:.*\/(?=api\/models)/.exec(state?.primary?.url)?.[0];
}
