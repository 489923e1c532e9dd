// Stacked bars that lie: a name and its value above each, one axis below all. Widths are pixels; texts are what they are given.

import { fill, h, svg } from "../dom.js";
import { money } from "../text.js";
import { fitted, scale } from "./axes.js";

/** A piece of a bar: `hue` is one of plot.css, `amount` decides its width alone. @typedef {{hue: number, label: string, amount: number, told: string}} Part */
/** `told` is the value in parts, of which only the first is told where there is little room. @typedef {{name: string, told: string[], parts: Part[]}} Bar */

const ROW = 46;
const AXIS = 30;
const LETTER = 7.6;

/** A figure with a title, a legend, an axis with its unit, and each bar's value as text. `show` draws it anew. @param {string} title */
export function bars(title) {
  /** @type {Bar[]} */
  let shown = [];
  let currency = "";
  const legend = h("ul", { class: "legend" });

  const plot = fitted((width) => {
    const high = shown.length * ROW + AXIS;
    const most = Math.max(0, ...shown.map(({ parts }) => parts.reduce((sum, { amount }) => sum + amount, 0)));
    const { at, ticks } = scale("linear", [0, most], [0, width - 2], { most: width < 500 ? 3 : 6 });
    const isTight = shown.some(({ name, told }) => (name.length + told.join(" · ").length + 2) * LETTER > width);
    const text = shown.map(({ name, told, parts }) => `${name}: ${told.join(" · ")} (${parts.map((part) => `${part.label} ${part.told}`).join(", ")})`);
    return svg(
      "svg",
      { role: "img", width, height: high, "aria-label": `${title}. ${text.join("; ")}` },
      ticks.map((mark) => {
        const x = at(mark);
        const anchor = mark ? (x > width - 24 ? "end" : "middle") : "start";
        return svg("g", { class: "tick" }, svg("line", { x1: x + 0.5, x2: x + 0.5, y1: 20, y2: high - AXIS }), svg("text", { x, y: high - 16, "text-anchor": anchor }, mark ? money(mark.toPrecision(10), currency) : 0));
      }),
      shown.map((bar, row) => barOf(bar, row * ROW, at, width, isTight)),
      svg("text", { class: "axis", x: width, y: high - 1, "text-anchor": "end" }, `${currency} a call`),
    );
  });

  return {
    element: h("figure", { class: "bars" }, h("figcaption", null, h("h2", null, title), legend), plot.element),
    /** @param {Bar[]} now @param {string} of their currency */
    show(now, of) {
      [shown, currency] = [now, of];
      const labels = new Map(now.flatMap(({ parts }) => parts.map(({ label, hue }) => [label, hue])));
      fill(legend, [...labels].map(([label, hue]) => h("li", null, h("i", { class: `group-${hue}` }), label)));
      plot.redraw();
    },
  };
}

/** @param {Bar} bar @param {number} y @param {(amount: number) => number} at @param {number} wide @param {boolean} isTight */
function barOf({ name, told, parts }, y, at, wide, isTight) {
  const value = isTight ? told[0] : told.join(" · ");
  const room = Math.max(8, Math.floor((wide - 12) / LETTER - value.length));
  let x = 0;
  const rects = parts.map(({ hue, label, amount, told }) => {
    const rect = svg("rect", { class: `group-${hue}`, x, y: y + 21, width: Math.max(at(amount) - 1, 0.75), height: 16, rx: 2 }, svg("title", null, `${label}: ${told}`));
    x += at(amount);
    return rect;
  });
  return svg("g", null, svg("text", { class: "name", y: y + 14 }, name.length > room ? `…${name.slice(1 - room)}` : name), svg("text", { class: "told", x: wide, y: y + 14, "text-anchor": "end" }, value), rects);
}
