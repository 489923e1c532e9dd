// What plots share: scales, their ticks, and axes with titles and units. Floats are good enough here: they end as pixels.

import { fill, h, svg } from "../dom.js";

/** @typedef {"linear" | "log" | "time"} Kind */
/** @typedef {{kind: Kind, at: (value: number) => number, ticks: number[]}} Scale */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box in pixels */

const DAY = 86_400_000;

/**
 * Where the values of a domain stand between two pixels. On a log scale nothing stands at 0 but `zero`, where one is given.
 * @param {Kind} kind @param {[number, number]} domain @param {[number, number]} pixels
 * @param {{most?: number, zero?: number}} [more] `most` ticks
 * @returns {Scale}
 */
export function scale(kind, [low, high], [from, to], { most = 6, zero = from } = {}) {
  if (high <= low) [low, high] = kind === "log" ? [low / 2, low * 2] : kind === "time" ? [low - 30 * DAY, low + 30 * DAY] : [0, low || 1];
  if (kind === "log") {
    const [least, span] = [Math.log10(low), Math.log10(high) - Math.log10(low)];
    const at = (/** @type {number} */ value) => (value > 0 ? from + ((Math.log10(value) - least) / span) * (to - from) : zero);
    return { kind, at, ticks: decades(low, high, most) };
  }
  const at = (/** @type {number} */ value) => from + ((value - low) / (high - low)) * (to - from);
  return { kind, at, ticks: kind === "time" ? dates(low, high, most) : round(low, high, most) };
}

/** The smallest and the largest; of nothing, 1 and 10. @param {Iterable<number>} values @returns {[number, number]} */
export function extent(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [1, 10] : [low, high];
}

/** Round steps: 1, 2 or 5 times a power of ten. @param {number} low @param {number} high @param {number} most */
function round(low, high, most) {
  const least = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((one) => one * power >= least)));
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-9); n++) ticks.push(n * step);
  return ticks;
}

/** Powers of ten, with 2 and 5 between them where there is room, or fewer of them. @param {number} low @param {number} high @param {number} most */
function decades(low, high, most) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  for (const parts of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let power = first; power <= last; power++) for (const part of parts) ticks.push(Number(`${part}e${power}`));
    const seen = ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
    if (seen.length <= most + 1) return seen;
    if (parts.length === 1) return seen.filter((_, at) => at % Math.ceil(seen.length / most) === 0);
  }
  return [];
}

/** First days of months or years. @param {number} low @param {number} high @param {number} most */
function dates(low, high, most) {
  const months = (high - low) / DAY / 30.4;
  const step = [1, 2, 3, 6, 12, 24, 60].find((one) => months / one <= most) ?? 120;
  const start = new Date(low);
  const ticks = [];
  for (let n = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step; ; n += step) {
    const tick = Date.UTC(Math.floor(n / 12), n % 12);
    if (tick > high) return ticks;
    if (tick >= low) ticks.push(tick);
  }
}

/**
 * Lines, numbers and titles of two axes.
 * @param {Box} box
 * @param {{scale: Scale, title: string, format: (value: number) => string}} x
 * @param {{scale: Scale, title: string, format: (value: number) => string}} y
 */
export function axes(box, x, y) {
  const rows = y.scale.ticks.map((tick) => {
    const at = y.scale.at(tick);
    return [
      svg("line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at }),
      svg("text", { class: "tick", x: box.left - 8, y: at + 4, "text-anchor": "end" }, y.format(tick)),
    ];
  });
  const columns = x.scale.ticks.map((tick) => {
    const at = x.scale.at(tick);
    return [
      svg("line", { class: "grid", x1: at, x2: at, y1: box.top, y2: box.bottom }),
      svg("text", { class: "tick", x: at, y: box.bottom + 18, "text-anchor": "middle" }, x.format(tick)),
    ];
  });
  return svg(
    "g",
    { class: "axes", "aria-hidden": true },
    rows.flat(),
    columns.flat(),
    svg("line", { class: "base", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }),
    x.title && svg("text", { class: "axis", x: (box.left + box.right) / 2, y: box.bottom + 38, "text-anchor": "middle" }, x.title),
    svg("text", { class: "axis", x: 0, y: 12 }, y.title), // above its axis: nobody likes to read sideways
  );
}

/**
 * A drawing that is made again when its width changes, so that its letters keep their size.
 * @param {(width: number) => Element} draw
 */
export function fitted(draw) {
  const element = h("div", { class: "plot" });
  let width = 0;
  const redraw = () => {
    if (width > 0) fill(element, draw(width));
  };
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width) return;
    width = now;
    redraw();
  }).observe(element);
  return { element, redraw };
}
