// What a call costs, line by line, as the server says it: nothing here is computed but the month.

import { h } from "../dom.js";
import { prefs } from "../prefs.js";
import { address } from "../route.js";
import { about, count, day, money, shifted, title, tokenPrice, words } from "../text.js";
import { monthly, times } from "./volume.js";

/** @typedef {Record<string, any>} Estimate what POST /api/cost answers */
/** @typedef {import("../catalogue.js").Vocabulary["meters"]} Meters */

const LONGEST = 13;

/** An amount in a length that can be read; all its digits are in its title. @param {number | string} amount @param {string} currency */
function amountOf(amount, currency) {
  const exact = money(amount, currency);
  return exact.length > LONGEST ? h("span", { title: exact }, about(amount, currency)) : exact;
}

/** The cost of a month as text, null where that of a call is not known. @param {Estimate} estimate @param {import("./volume.js").Volume} volume */
export function ofMonth(estimate, volume) {
  return estimate.total_cost === null || !volume.calls ? null : times(estimate.total_cost, monthly(volume));
}

/** What a meter counts: `input_per_token` -> `Input`, `per_query` -> `Queries`. @param {string} meter @param {Meters} meters */
export const meterName = (meter, meters) => title(meters[meter]?.bucket ?? meter);

/** @param {any} line @param {string} currency @param {Meters} meters */
function rateOf(line, currency, meters) {
  const unit = meters[line.meter]?.unit ?? "unit";
  if (unit !== "token") return `${money(line.rate, currency)} / ${words(unit)}`;
  return `${tokenPrice(line.rate, prefs.per, currency)} / ${prefs.per === "1" ? "token" : prefs.per}`;
}

/**
 * The card of one model.
 * @param {Estimate} estimate @param {{meters: Meters, volume: import("./volume.js").Volume, counts?: Record<string, number>, more?: import("../dom.js").Child[]}} how
 *   `counts`: what was asked for, to tell how much has no price
 */
export function resultCard(estimate, { meters, volume, counts = {}, more = [] }) {
  const { currency, lines, unpriced, total_cost: total, warnings } = estimate;
  const month = ofMonth(estimate, volume);
  const least = !estimate.complete && h("small", null, "at least ");
  return h(
    "article",
    { class: "card result", "aria-label": estimate.model },
    h(
      "header",
      null,
      h("h3", null, h("a", { href: address("model", estimate.model) }, estimate.model)),
      h("p", { class: "total" }, total === null ? h("span", { class: "warn" }, "price unknown") : [least, h("b", null, amountOf(total, currency)), h("small", null, " a call")]),
      month !== null && h("p", { class: "month" }, least && least.cloneNode(true), h("b", null, amountOf(month, currency)), h("small", null, " a month")),
    ),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        { class: "plain" },
        h("thead", null, h("tr", null, ["Meter", "Quantity", "Rate", "Amount"].map((name, at) => h("th", { scope: "col", class: at ? "num" : null }, name)))),
        h(
          "tbody",
          null,
          lines.map((/** @type {any} */ line) =>
            h(
              "tr",
              null,
              h("td", null, meterName(line.meter, meters), line.assumed && [" ", h("span", { class: "chip warn", title: "The card does not say this rate for this call; another one stands in." }, "assumed")]),
              h("td", { class: "num" }, quantity(line.quantity)),
              h("td", { class: "num" }, rateOf(line, currency, meters)),
              h("td", { class: "num" }, amountOf(line.amount, currency)),
            ),
          ),
          unpriced.map((/** @type {string} */ bucket) =>
            h("tr", null, h("td", null, title(bucket)), h("td", { class: "num" }, bucket in counts ? quantity(counts[bucket]) : "–"), h("td", { class: "num warn", colspan: 2 }, "no price is known")),
          ),
          !lines.length && !unpriced.length && h("tr", null, h("td", { colspan: 4, class: "soft" }, "Nothing is used, so nothing is charged.")),
        ),
      ),
    ),
    warnings.length > 0 && h("ul", { class: "note warn" }, warnings.map((/** @type {string} */ warning) => h("li", null, warning))),
    estimate.reported !== null && h("p", null, "The provider itself says ", h("b", null, money(estimate.reported, currency)), "."),
    h("p", { class: "hint" }, facts(estimate)),
    ...more,
  );
}

/** @param {number} number */
const quantity = (number) => {
  const [whole, part] = shifted(number).split(".");
  return count(Number(whole)) + (part ? `.${part}` : "");
};

/** Which card was used. @param {Estimate} estimate @returns {import("../dom.js").Child[]} */
function facts({ service_tier: tier, region, effective_from: since, source, resolution }) {
  const isAnother = resolution.asked !== resolution.id;
  /** @type {import("../dom.js").Child[]} */
  const told = [
    isAnother && `read from “${resolution.asked}” (${words(resolution.method)})`,
    `${title(tier ?? "standard")} tier`,
    region && `region ${region}`,
    since && `prices since ${day(since)}`,
    source && (/^https?:\/\//.test(source) ? h("a", { href: source, rel: "noreferrer noopener", target: "_blank" }, "source") : `source: ${source}`),
  ].filter(Boolean);
  return told.flatMap((one, at) => (at ? [" · ", one] : [one]));
}
