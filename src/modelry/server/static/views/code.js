// How a model is used, as code to copy: its price in Python and by curl, and the call itself with LiteLLM.

import { card, copyButton, fill, h, segments } from "../dom.js";
import { metersOf } from "./ratecard.js";

/** @typedef {import("./details.js").Details} Details */
/** @typedef {import("../catalogue.js").Vocabulary} Vocabulary */

/** What an example counts, by bucket: tokens where they are priced, else one of what is. @param {Details} found @param {Vocabulary} vocabulary */
function counts({ card: now }, vocabulary) {
  const meters = now ? metersOf({ ...now, overrides: [] }, vocabulary) : [];
  const known = meters.flatMap((meter) => vocabulary.meters[meter]?.bucket ?? []);
  const tokens = Object.entries({ input: 1000, output: 500 }).filter(([bucket]) => !known.length || known.includes(bucket));
  return tokens.length ? tokens : [[known[0], 1]];
}

/** @type {Record<string, [string, string]>} */
const LITELLM = {
  EMB: ["embedding", 'input=["Good morning"]'],
  RERANK: ["rerank", 'query="What is new?", documents=["One", "Two"]'],
  IMAGE: ["image_generation", 'prompt="A lighthouse in fog"'],
  SPEECH: ["speech", 'input="Good morning", voice="alloy"'],
};

/** The card. @param {Details} found @param {Vocabulary} vocabulary */
export function code(found, vocabulary) {
  const { id, row } = found;
  const key = row.extensions?.litellm?.key ?? id;
  const [call, ask] = LITELLM[row.components?.[0]] ?? ["completion", 'messages=[{"role": "user", "content": "Good morning"}]'];
  const usage = counts(found, vocabulary);
  const python = usage.map(([bucket, number]) => `${bucket}=${number}`).join(", ");
  const body = JSON.stringify({ model: id, usage: Object.fromEntries(usage) }).replaceAll("'", "'\\''");
  /** @type {Record<string, string>} */
  const texts = {
    Python: `import modelry\n\nestimate = modelry.cost(${JSON.stringify(id)}, ${python})\nprint(estimate.total_cost, estimate.currency)`,
    curl: `curl ${location.origin}/api/cost \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`,
    LiteLLM: `import litellm\n\nanswer = litellm.${call}(\n    model=${JSON.stringify(key)},\n    ${ask},\n)`,
  };
  const place = h("div", { class: "code" });
  const show = (/** @type {string} */ name) => fill(place, h("pre", { tabindex: 0 }, texts[name]), copyButton(texts[name], `${name} code`));
  show("Python");
  const names = Object.keys(texts).map((name) => /** @type {[string, string]} */ ([name, name]));
  return card("Use it", h("div", { class: "row" }, h("h2", null, "Use it"), h("span", { class: "push" }, segments("Language", names, "Python", show))), place);
}
