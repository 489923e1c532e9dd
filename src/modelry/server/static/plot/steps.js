// Prices by date: each holds until the next, so lines go in steps.

import { svg } from "../dom.js";
import { day, title as capital } from "../text.js";
import { axes, extent, fitted, scale } from "./axes.js";

/** A value and the instant (ms) from which it holds; null: from then on it is not known. @typedef {{at: number, value: number | null}} Step */
/** @typedef {{name: string, steps: Step[]}} Series */

const HEIGHT = 240;
const APART = 16;
const WIDE = 30;
/** Values so far apart cannot be told from each other on a linear scale. */

/**
 * @param {{series: Series[], until: number, title: string, format: (value: number) => string, label: string}} asked
 *   `until`: the end of time that is shown, in ms
 */
export function steps({ series, until, title, format, label }) {
  const values = series.flatMap((one) => one.steps.flatMap(({ value }) => (value === null ? [] : [value])));
  const paid = values.filter((value) => value > 0);
  const [least, most] = extent(paid);
  const isLog = most / least > WIDE;
  const since = Math.min(...series.flatMap((one) => one.steps.map(({ at }) => at)));

  return fitted((width) => {
    const isWide = width > 500;
    const box = { left: 64, top: 28, right: width - (isWide ? 150 : 96), bottom: HEIGHT - 28 };
    const x = scale("time", [since, until], [box.left, box.right], { most: Math.max(2, Math.floor((box.right - box.left) / 90)) });
    const y = scale(isLog ? "log" : "linear", isLog ? [least / 1.5, most * 1.3] : [0, most * 1.1], [box.bottom, box.top], { most: 5 });
    const lines = series.map((one, at) => line(one, at, x, y, until, format));
    return svg(
      "svg",
      { width, height: HEIGHT, role: "img", "aria-label": label },
      axes(box, { scale: x, title: "", format: (ms) => day(iso(ms).slice(0, 7)) }, { scale: y, title: `${title}${isLog ? ", log scale" : ""}`, format }),
      lines,
      ends(series, box.right, y, isWide ? format : () => ""),
    );
  }).element;
}

/**
 * @param {Series} series @param {number} nth @param {import("./axes.js").Scale} x @param {import("./axes.js").Scale} y
 * @param {number} until @param {(value: number) => string} format
 */
function line({ name, steps: all }, nth, x, y, until, format) {
  let path = "";
  let isDrawn = false;
  const marks = all.map(({ at, value }, n) => {
    if (value === null) {
      isDrawn = false;
      return null;
    }
    const [left, right, height] = [x.at(at), x.at(all[n + 1]?.at ?? until), y.at(value)];
    path += (isDrawn ? `V${height}` : `M${left} ${height}`) + `H${right}`;
    isDrawn = true;
    const told = svg("title", null, `${capital(name)}: ${format(value)} from ${day(iso(at))}`);
    return value !== all[n - 1]?.value && svg("circle", { cx: left, cy: height, r: 3.5 }, told);
  });
  return svg("g", { class: `line line-${nth}` }, svg("path", { d: path }), marks);
}

/**
 * Names and last prices at the ends of lines, moved apart where they would lie on each other.
 * @param {Series[]} series @param {number} left @param {import("./axes.js").Scale} y @param {(value: number) => string} format
 */
function ends(series, left, y, format) {
  const last = series.flatMap(({ name, steps: all }, nth) => {
    const value = all.at(-1)?.value ?? null;
    return value === null ? [] : [{ name, nth, value, at: y.at(value) }];
  });
  last.sort((one, other) => other.at - one.at);
  for (let n = 1; n < last.length; n++) last[n].at = Math.min(last[n].at, last[n - 1].at - APART);
  return last.map(({ name, nth, value, at }) =>
    svg("text", { class: `end line-${nth}`, x: left + 8, y: at + 4, "aria-hidden": true }, `${capital(name)} ${format(value)}`.trimEnd()),
  );
}

/** @param {number} ms */
const iso = (ms) => new Date(ms).toISOString();
