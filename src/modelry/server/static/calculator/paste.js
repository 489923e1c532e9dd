// A response as a provider sent it: read by the server, priced, and taken over to the sliders.

import { Refused, post } from "../api.js";
import { field, fill, h } from "../dom.js";
import { resultCard } from "./result.js";

const WAIT = 250;

const EXAMPLE = {
  id: "chatcmpl-1", object: "chat.completion", model: "gpt-4o-2024-08-06",
  usage: { prompt_tokens: 5000, completion_tokens: 500, total_tokens: 5500, prompt_tokens_details: { cached_tokens: 4000 } },
};

/**
 * What was pasted: JSON, or the lines of an event stream. Raises SyntaxError.
 * @param {string} text
 */
export function read(text) {
  const events = text.match(/^data: *\{.*$/gm);
  return events && !/^\s*[{[]/.test(text) ? events.map((line) => JSON.parse(line.replace(/^data: */, ""))) : JSON.parse(text);
}

/**
 * The pane. `told` gives what else the price hangs on; `ontake` is told what can be taken over.
 * @param {import("../main.js").App} app
 * @param {{told: () => Record<string, unknown>, volume: () => import("./volume.js").Volume, ontake: (id: string, counts: Record<string, number>) => void}} how
 */
export function pastePane(app, { told, volume, ontake }) {
  const text = h("textarea", { spellcheck: "false", rows: 14, oninput: () => soon(), placeholder: '{"model": "…", "usage": {…}}' });
  const provider = h("select", { onchange: () => void price() });
  const model = h("input", { type: "text", autocomplete: "off", spellcheck: "false", oninput: () => soon() });
  const result = h("div", { class: "stack" });
  const example = h("button", { type: "button", class: "quiet", onclick: () => ((text.value = JSON.stringify(EXAMPLE, null, 2)), void price()) }, "Fill in an example");
  const form = h(
    "div",
    { class: "stack" },
    field("Response (JSON)", text, { hint: "A response, its usage alone, or the events of a stream. It goes to this server and no further." }),
    h("div", { class: "row" }, example),
    field("Provider", provider, { hint: "Who served it, where the response does not show it." }),
    field("Model", model, { hint: "Where the response does not say it." }),
  );
  let waiting = 0;
  let asking = new AbortController();
  /** @type {any} */
  let estimate = null;

  function soon() {
    clearTimeout(waiting);
    waiting = window.setTimeout(price, WAIT);
  }

  async function price() {
    clearTimeout(waiting);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    text.removeAttribute("aria-invalid");
    if (!text.value.trim()) {
      estimate = null;
      return fill(result, h("p", { class: "empty" }, "Paste a response to see what it cost."));
    }
    try {
      const response = read(text.value);
      estimate = await post("/api/cost", { response, ...(provider.value && { provider: provider.value }), ...(model.value.trim() && { model: model.value.trim() }), ...told() }, { signal });
      show();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SyntaxError) refuse(`This is no JSON: ${error.message}`);
      else if (error instanceof Refused) refuse(error.message, error.suggestions);
      // else it is away: the page says so, and what was read stays
    }
  }

  /** @param {string} why @param {string[]} [names] */
  function refuse(why, names = []) {
    estimate = null;
    text.setAttribute("aria-invalid", "true");
    const choices = names.map((name) => h("button", { type: "button", onclick: () => ((model.value = name), void price()) }, name));
    fill(result, h("p", { class: "note bad", role: "alert" }, why), choices.length > 0 && h("p", { class: "row" }, "Model: ", choices));
  }

  function show() {
    if (!estimate) return;
    const { meters } = app.catalogue.vocabulary;
    /** @type {Record<string, number>} */
    const counts = {};
    for (const line of estimate.lines) counts[meters[line.meter]?.bucket ?? line.meter] = line.quantity;
    const take = h("button", { type: "button", class: "primary", onclick: () => ontake(estimate.model, counts) }, "Take over to the sliders");
    const lost = estimate.unpriced.length > 0 && h("p", { class: "hint" }, `Not taken over: ${estimate.unpriced.join(", ")}.`);
    fill(result, resultCard(estimate, { meters, volume: volume(), more: [h("div", { class: "row" }, take), lost] }));
  }

  return {
    form,
    result,
    price,
    /** Draw again what is known: the unit of prices or the volume is another. */
    show,
    /** Fill in the choice of providers. */
    showProviders() {
      const chosen = provider.value;
      const ids = [...new Set(app.catalogue.rows.map((row) => row.provider))].sort();
      fill(provider, h("option", { value: "" }, "as the response shows"), ids.map((id) => h("option", { value: id }, id)));
      provider.value = chosen;
    },
  };
}
