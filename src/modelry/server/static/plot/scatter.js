// Many models as points: one path per group, and the nearest point found by a grid, so that ten thousand stay quick.

import { button, fill, h, say, svg } from "../dom.js";
import { axes, extent, fitted, scale } from "./axes.js";

/** `group` is the index of its group. @typedef {{id: string, label: string, x: number, y: number, group: number}} Dot */
/** @typedef {{kind: import("./axes.js").Kind, title: string, format: (value: number) => string}} Axis */
/**
 * What is drawn: `names` of groups, ids that are `marked`, what is told of a dot (first its name).
 * @typedef {{dots: Dot[], x: Axis, y: Axis, names: string[], marked: string[], tell: (dot: Dot) => string[], open: (dot: Dot) => void}} Drawn
 */
/** A dot where it stands. @typedef {{dot: Dot, x: number, y: number}} Placed */

const CELL = 24;
const LANE = 26;
const SIZE = 4;
const LETTER = 8;

/** Shapes, so that groups are told apart without colour too. @type {((x: number, y: number, r: number) => string)[]} */
const SHAPES = [
  (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y - r}l${r} ${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x} ${y - 1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}z`,
  (x, y, r) => `M${x} ${y + r}l${r} ${-2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x - r / 3} ${y - r}v${r}h${-r}v${r / 1.5}h${r}v${r}h${r / 1.5}v${-r}h${r}v${-r / 1.5}h${-r}v${-r}z`,
  (x, y, r) => `M${x - r} ${y - r / 2}h${2 * r}v${r}h${-2 * r}z`,
  (x, y, r) => `M${x - r / 2} ${y - r}h${r}v${2 * r}h${-r}z`,
  (x, y, r) => `M${x - r / 2} ${y}a${r / 2} ${r / 2} 0 1 0 ${r} 0a${r / 2} ${r / 2} 0 1 0 ${-r} 0`,
];

/** How many groups have a look of their own; the last is for the rest. */
export const GROUPS = SHAPES.length;

/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Scatter {
  /** @type {Drawn | null} */
  #drawn = null;
  /** @type {Placed[]} */
  #placed = [];
  /** @type {Map<number, Placed[]>} cells of the grid, by column and row */
  #cells = new Map();
  /** @type {Placed | null} */
  #at = null;
  /** @type {number | null} the group that is looked at alone */
  #only = null;
  #width = 0;
  #tip = h("div", { class: "tip", hidden: true });
  #legend = h("div", { class: "legend", role: "group", "aria-label": "Look at one provider" });
  #fitted = fitted((width) => this.#draw(width));
  #surface = h("div", {
    class: "surface", role: "application", tabindex: 0, "aria-roledescription": "scatter plot",
    onpointermove: (/** @type {PointerEvent} */ event) => this.#point(event),
    onpointerleave: () => this.#go(null),
    onclick: (/** @type {PointerEvent} */ event) => {
      this.#point(event);
      this.#open();
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#press(event),
    onblur: () => this.#go(null),
  });
  element = h("div", { class: "scatter" }, fill(this.#surface, this.#fitted.element, this.#tip), this.#legend);

  /** @param {Drawn} drawn @param {string} label what the plot shows, in words */
  show(drawn, label) {
    this.#drawn = drawn;
    this.#only = null;
    this.#surface.setAttribute("aria-label", `${label}. Arrow keys go from point to point, Enter opens a model.`);
    this.#showLegend();
    this.#fitted.redraw();
  }

  /** @param {number} width */
  #draw(width) {
    this.#width = width;
    this.#go(null);
    const drawn = /** @type {Drawn} */ (this.#drawn);
    if (!drawn) return svg("svg", { width, height: 0 });
    const height = Math.round(Math.min(Math.max(width * 0.5, 320), 560));
    const box = { left: 58, top: 28, right: width - 12, bottom: height - 46 };
    const { x, y } = this.#scales(drawn, box);
    this.#placed = drawn.dots.map((dot) => ({ dot, x: tenth(x.at(dot.x)), y: tenth(y.at(dot.y)) }));
    this.#cells.clear();
    for (const one of this.#placed) {
      const key = cell(one.x, one.y);
      const cellmates = this.#cells.get(key);
      if (cellmates) cellmates.push(one);
      else this.#cells.set(key, [one]);
    }
    const lane = y.kind === "log" && drawn.dots.some((dot) => dot.y === 0);
    return svg(
      "svg",
      { width, height, "aria-hidden": true },
      axes(box, { ...drawn.x, scale: x }, { ...drawn.y, scale: y }),
      lane && svg("text", { class: "tick", x: box.left - 8, y: y.at(0) + 4, "text-anchor": "end" }, "free"),
      this.#groups(),
      this.#marks(box),
      svg("path", { class: "cursor" }),
    );
  }

  /** @param {Drawn} drawn @param {import("./axes.js").Box} box */
  #scales(drawn, box) {
    const room = { x: Math.max(2, Math.floor((box.right - box.left) / 80)), y: Math.floor((box.bottom - box.top) / 40) };
    const xs = drawn.dots.map((dot) => dot.x);
    const ys = drawn.dots.map((dot) => dot.y);
    const isLog = drawn.y.kind === "log";
    const bottom = isLog && ys.includes(0) ? box.bottom - LANE : box.bottom - 6;
    const zero = box.bottom - LANE / 2;
    return {
      x: scale(drawn.x.kind, extent(xs), [box.left + 10, box.right - 10], { most: room.x }),
      y: scale(drawn.y.kind, isLog ? extent(ys.filter((y) => y > 0)) : [0, extent(ys)[1]], [bottom, box.top + 6], { most: room.y, zero }),
    };
  }

  /** The rest first, so that nobody lies beneath it. */
  #groups() {
    const { names } = /** @type {Drawn} */ (this.#drawn);
    const paths = names.map(() => /** @type {string[]} */ ([]));
    for (const { dot, x, y } of this.#placed) paths[dot.group].push(SHAPES[dot.group](x, y, SIZE));
    const drawn = paths.map((path, group) => svg("path", { class: `dots group-${group}`, "data-group": group, d: path.join("") }));
    return svg("g", { class: "groups" }, drawn.reverse());
  }

  /** Rings and names of the marked, moved apart. @param {import("./axes.js").Box} box */
  #marks(box) {
    const { marked } = /** @type {Drawn} */ (this.#drawn);
    const found = this.#placed.filter((one) => marked.includes(one.dot.id)).sort((one, other) => one.y - other.y);
    /** @type {{from: number, to: number, y: number}[]} names that stand already */
    const placed = [];
    const names = found.map(({ dot, x, y }) => {
      const isRight = x > (box.left + box.right) / 2;
      const at = x + (isRight ? -11 : 11);
      const [from, to] = isRight ? [at - dot.label.length * LETTER, at] : [at, at + dot.label.length * LETTER];
      for (const other of placed) if (from < other.to && other.from < to && Math.abs(y - other.y) < 15) y = other.y + 15;
      placed.push({ from, to, y });
      return svg("text", { class: "name", x: at, y: y + 4, "text-anchor": isRight ? "end" : "start" }, dot.label);
    });
    const rings = found.map(({ dot, x, y }) => svg("path", { class: `ring group-${dot.group}`, d: SHAPES[dot.group](x, y, SIZE * 1.6) }));
    return svg("g", { class: "marks" }, rings, names);
  }

  #showLegend() {
    const { names, dots } = /** @type {Drawn} */ (this.#drawn);
    const counts = names.map(() => 0);
    for (const dot of dots) counts[dot.group]++;
    const keys = names.map((name, group) => {
      const shape = svg("svg", { width: 14, height: 14, "aria-hidden": true }, svg("path", { class: `dots group-${group}`, d: SHAPES[group](7, 7, 5) }));
      const choose = () => {
        this.#only = this.#only === group ? null : group;
        for (const [at, one] of keys.entries()) one.setAttribute("aria-pressed", String(at === this.#only));
        this.#dim(this.#only);
      };
      const acts = { "aria-pressed": "false", onpointerenter: () => this.#dim(group), onpointerleave: () => this.#dim(this.#only) };
      return fill(button("", choose, "quiet", acts), shape, `${name} `, h("span", { class: "soft" }, counts[group]));
    });
    fill(this.#legend, keys);
  }

  /** @param {number | null} but the group that stays bright; null: all do */
  #dim(but) {
    for (const path of this.#fitted.element.querySelectorAll("[data-group]")) {
      path.classList.toggle("dim", but !== null && path.getAttribute("data-group") !== String(but));
    }
  }

  /** @param {Placed} one */
  #isSeen = (one) => this.#only === null || one.dot.group === this.#only;

  /** @param {PointerEvent} event */
  #point(event) {
    const { left, top } = this.#fitted.element.getBoundingClientRect();
    this.#go(this.#near(event.clientX - left, event.clientY - top));
  }

  /** @param {number} x @param {number} y */
  #near(x, y) {
    let best = null;
    let least = CELL ** 2;
    for (const left of [-CELL, 0, CELL]) {
      for (const up of [-CELL, 0, CELL]) {
        for (const one of this.#cells.get(cell(x + left, y + up)) ?? []) {
          const distance = (one.x - x) ** 2 + (one.y - y) ** 2;
          if (distance < least && this.#isSeen(one)) [best, least] = [one, distance];
        }
      }
    }
    return best;
  }

  /** All that stand where one stands. @param {Placed} one */
  #stack({ x, y }) {
    return (this.#cells.get(cell(x, y)) ?? []).filter((one) => one.x === x && one.y === y && this.#isSeen(one));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const way = WAYS[event.key];
    if (way) this.#go(this.#at ? (this.#next(this.#at, way) ?? this.#at) : this.#first(), true);
    else if (event.key === "Enter") this.#open();
    else if (event.key === "Escape" && this.#at) this.#go(null);
    else if (this.#at && (event.key === "PageDown" || event.key === "PageUp")) {
      const stack = this.#stack(this.#at);
      this.#go(stack.at((stack.indexOf(this.#at) + (event.key === "PageDown" ? 1 : -1)) % stack.length) ?? null, true);
    } else return;
    event.preventDefault();
  }

  #first() {
    const { marked } = /** @type {Drawn} */ (this.#drawn);
    const seen = this.#placed.filter(this.#isSeen);
    return seen.find((one) => marked.includes(one.dot.id)) ?? seen[0] ?? null;
  }

  /** The nearest in a direction: what lies aside of it counts as further away. @param {Placed} from @param {[number, number]} way */
  #next(from, [right, down]) {
    let best = null;
    let least = Infinity;
    for (const one of this.#placed) {
      const [x, y] = [one.x - from.x, one.y - from.y];
      const ahead = x * right + y * down;
      const aside = Math.abs(x * down) + Math.abs(y * right);
      if (ahead <= 0 || aside > 2 * ahead || !this.#isSeen(one)) continue;
      if (ahead + 2 * aside < least) [best, least] = [one, ahead + 2 * aside];
    }
    return best;
  }

  #open() {
    if (this.#at) this.#drawn?.open(this.#at.dot);
  }

  /** @param {Placed | null} one @param {boolean} [isTold] to who cannot see it */
  #go(one, isTold = false) {
    if (one === this.#at && one !== null) return;
    this.#at = one;
    this.#tip.hidden = one === null;
    this.#surface.classList.toggle("over", one !== null);
    const cursor = this.#fitted.element.querySelector(".cursor");
    cursor?.setAttribute("d", one ? SHAPES[0](one.x, one.y, SIZE * 2) : "");
    if (!one || !this.#drawn) return;
    const [name, ...facts] = this.#drawn.tell(one.dot);
    const others = this.#stack(one).length - 1;
    if (others) facts.push(`${others} more stand here (Page Down)`);
    fill(this.#tip, h("strong", null, name), facts.map((fact) => h("span", null, fact)));
    const isLeft = one.x > this.#width / 2;
    this.#tip.style.left = isLeft ? "" : `${one.x + 14}px`;
    this.#tip.style.right = isLeft ? `${this.#width - one.x + 14}px` : "";
    this.#tip.style.top = `${Math.max(0, one.y - 20)}px`;
    if (isTold) say([name, ...facts].join(", "));
  }
}

/** @param {number} x @param {number} y */
const cell = (x, y) => Math.floor(x / CELL) * 1000 + Math.floor(y / CELL);

/** @param {number} pixel */
const tenth = (pixel) => Math.round(pixel * 10) / 10;
