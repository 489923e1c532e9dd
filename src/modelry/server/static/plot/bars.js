// Stacked bars that lie: a name and its value above each, one axis below all. Widths are pixels; texts are what they are given.

import { fill, h, svg, unique } from "../dom.js";
import { money } from "../text.js";

/** @typedef {{key: string, label: string, amount: number, told: string}} Part a piece of a bar; `amount` decides its width alone */
/** @typedef {{name: string, told: string, brief: string, parts: Part[]}} Bar `told` is the value as text, `brief` the same for where there is little room */

const ROW = 46;
const TALL = 16;
const AXIS = 30;
const LETTER = 7.6;

/**
 * A figure with a title, a legend, an axis with its unit, and each bar's value as text. `show` draws it anew.
 * @param {{title: string}} how
 */
export function bars({ title }) {
  const plot = svg("svg", { role: "img" });
  const legend = h("ul", { class: "legend" });
  const heading = h("h2", null, title);
  const element = h("figure", { class: "plot bars" }, h("figcaption", null, heading, legend), plot);
  /** @type {{bars: Bar[], currency: string, axis: string}} */
  let shown = { bars: [], currency: "USD", axis: "" };
  let wide = 0;

  function draw() {
    wide = Math.floor(element.clientWidth);
    if (wide < 80 || element.hidden) return;
    const keys = new Map(shown.bars.flatMap((bar) => bar.parts).map((part) => [part.key, part.label]));
    fill(legend, [...keys].map(([key, label]) => h("li", null, h("i", { class: `swatch part-${key}` }), label)));
    const high = shown.bars.length * ROW + AXIS;
    const named = unique("bars");
    const text = shown.bars.map(({ name, told, parts }) => `${name}: ${told} (${parts.map((part) => part.label + " " + part.told).join(", ")})`);
    for (const [name, value] of Object.entries({ width: wide, height: high, viewBox: `0 0 ${wide} ${high}`, "aria-labelledby": named })) plot.setAttribute(name, String(value));
    const most = Math.max(0, ...shown.bars.map((bar) => bar.parts.reduce((sum, part) => sum + part.amount, 0)));
    const marks = most ? ticks(most, wide < 500 ? 3 : 6) : [];
    const isTight = shown.bars.some((bar) => (bar.name.length + bar.told.length + 2) * LETTER > wide);
    const scale = marks.length ? (wide - 2) / Math.max(most, marks[marks.length - 1]) : 0;
    fill(
      plot,
      svg("title", { id: named }, `${title}. ${text.join("; ")}`),
      marks.map((mark) => tick(mark, mark * scale, high, wide)),
      shown.bars.map((bar, at) => barOf(bar, at * ROW, scale, wide, isTight)),
      svg("text", { class: "axis", x: wide, y: high - 1, "text-anchor": "end" }, most ? shown.axis : ""),
    );
  }

  /** @param {number} mark @param {number} x @param {number} high @param {number} wide */
  function tick(mark, x, high, wide) {
    const anchor = mark === 0 ? "start" : x > wide - 24 ? "end" : "middle";
    return svg(
      "g",
      { class: "tick" },
      svg("line", { x1: x + 0.5, x2: x + 0.5, y1: 20, y2: high - AXIS }),
      svg("text", { x, y: high - AXIS + 14, "text-anchor": anchor }, mark === 0 ? "0" : money(mark, shown.currency)),
    );
  }

  new ResizeObserver(() => Math.floor(element.clientWidth) !== wide && draw()).observe(element);

  return {
    element,
    /** @param {{bars: Bar[], currency: string, axis: string}} now */
    show(now) {
      shown = now;
      draw();
    },
  };
}

/** @param {Bar} bar @param {number} y @param {number} scale @param {number} wide @param {boolean} isTight */
function barOf(bar, y, scale, wide, isTight) {
  const told = isTight ? bar.brief : bar.told;
  const room = Math.max(8, Math.floor((wide - told.length * LETTER - 12) / LETTER));
  const name = bar.name.length > room ? `…${bar.name.slice(1 - room)}` : bar.name;
  let x = 0;
  const rects = bar.parts.map((part) => {
    const width = part.amount * scale;
    const rect = svg("rect", { class: `part-${part.key}`, x, y: y + 21, width: Math.max(width - 1, 0.75), height: TALL, rx: 2 }, svg("title", null, `${part.label}: ${part.told}`));
    x += width;
    return rect;
  });
  return svg(
    "g",
    null,
    svg("text", { class: "name", x: 0, y: y + 14 }, name),
    svg("text", { class: "told", x: wide, y: y + 14, "text-anchor": "end" }, told),
    rects,
  );
}

/** Round marks from 0 to the first that is not below `most`. @param {number} most @param {number} about how many */
export function ticks(most, about) {
  const power = 10 ** Math.floor(Math.log10(most / about));
  const step = ([1, 2, 2.5, 5, 10].find((size) => size * power * about >= most) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => Number((at * step).toPrecision(10)));
}
