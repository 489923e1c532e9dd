// A table of any number of rows, of which only those in sight exist. Rows are made once and shown again for others.

import { h, put, whenPainted } from "./dom.js";

/** @typedef {import("./catalogue.js").Row} Row */
/** @typedef {import("./columns.js").Column} Column */

/** Rows that are ready above and below those in sight. */
const AROUND = 3;

/** Width of the column of boxes, rem. */
const BOX = 2.2;

/**
 * @typedef {{onopen: (row: Row) => void, onchoose: (row: Row) => void, onsort: (key: string) => void, isChosen: (row: Row) => boolean}} Acts
 */

export class Table {
  /** @type {Row[]} */
  rows = [];
  /** @type {Column[]} */
  columns = [];
  active = 0;
  sort = { key: "", descending: false };
  /** @type {import("./text.js").Per} */
  per = "1M";
  height = 44;
  /** @type {{element: HTMLElement, cells: HTMLElement[], box: HTMLInputElement, place: number, row: Row | null}[]} */
  #pool = [];
  #frame = 0;
  /** What of it is in sight, px; asking the element itself would make the browser lay out the page in between. */
  #room = innerHeight;
  #top = 0;

  /** @param {string} label @param {Acts} acts */
  constructor(label, acts) {
    this.acts = acts;
    this.head = h("div", { role: "row", class: "head", "aria-rowindex": 1 });
    this.body = h("div", { role: "rowgroup", class: "body" });
    this.element = h(
      "div", { role: "grid", "aria-label": label, tabindex: 0, class: "grid", "aria-multiselectable": true },
      h("div", { role: "rowgroup", class: "heads" }, this.head), this.body,
    );
    this.element.addEventListener("scroll", () => {
      this.#top = this.element.scrollTop;
      this.#later();
    });
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    this.element.addEventListener("focus", () => this.#mark());
    this.element.addEventListener("blur", () => this.#mark());
    this.body.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(([{ contentRect }]) => {
      this.#room = contentRect.height || this.#room;
      this.#later();
    }).observe(this.element);
  }

  /** Show these columns. @param {Column[]} columns */
  setColumns(columns) {
    this.columns = columns;
    this.element.style.setProperty("--columns", `${BOX}rem ${columns.map((column) => column.width).join(" ")}`);
    const least = columns.reduce((sum, column) => sum + Number.parseFloat(column.width.replace("minmax(", "")), BOX);
    this.element.style.setProperty("--least", `${least}rem`); // else each row would find widths of its own
    this.element.setAttribute("aria-colcount", String(columns.length + 1));
    this.#pool = [];
    this.body.replaceChildren();
    this.showHead();
  }

  /** Show these rows, from the top where `isOther`. @param {Row[]} rows @param {boolean} isOther */
  setRows(rows, isOther) {
    this.rows = rows;
    this.element.setAttribute("aria-rowcount", String(rows.length + 1));
    this.body.style.height = `${rows.length * this.height}px`;
    if (isOther) {
      this.active = 0;
      if (this.#top) this.element.scrollTop = this.#top = 0;
    }
    this.active = Math.min(this.active, Math.max(rows.length - 1, 0));
    this.refresh();
  }

  showHead() {
    const heads = this.columns.map((column) => {
      const isSorted = this.sort.key === column.key;
      const way = isSorted ? (this.sort.descending ? "descending" : "ascending") : "none";
      const mark = isSorted ? (this.sort.descending ? "↓" : "↑") : "";
      const button = h("button", { type: "button", tabindex: -1, title: column.hint, onclick: () => this.acts.onsort(column.key) }, column.label, column.price && h("small", null, this.per === "1" ? "/token" : `/${this.per}`), mark && h("span", { "aria-hidden": true }, mark));
      return h("div", { role: "columnheader", "aria-sort": way, class: column.num ? "num" : null }, button);
    });
    this.head.replaceChildren(h("div", { role: "columnheader" }, h("span", { class: "unseen" }, "Compare")), ...heads);
  }

  /** Show again what is in sight. */
  refresh() {
    for (const one of this.#pool) one.row = null;
    this.#show(0);
    whenPainted(() => this.#show());
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#show();
    });
  }

  /** Show what is in sight, and so many rows around it. */
  #show(around = AROUND) {
    const seen = Math.ceil(this.#room / this.height);
    const first = Math.max(0, Math.floor(this.#top / this.height) - around);
    while (this.#pool.length < seen + 2 * AROUND) this.#pool.push(this.#made());
    const size = this.#pool.length;
    for (let place = first; place < first + seen + 2 * around; place++) {
      const one = this.#pool[place % size];
      const row = this.rows[place];
      if (one.place !== place) this.#place(one, place);
      if (one.element.hidden === !!row) one.element.hidden = !row;
      if (row && one.row !== row) this.#fill(one, row);
    }
    this.#mark();
  }

  #made() {
    const box = h("input", { type: "checkbox", tabindex: -1 });
    const cells = this.columns.map((column) => h("div", { role: "gridcell", class: column.num ? "num" : null }, column.make?.()));
    const element = h("div", { role: "row", hidden: true }, h("div", { role: "gridcell", class: "box" }, box), cells);
    this.body.append(element);
    return { element, cells, box, place: -1, row: null };
  }

  /** @param {{element: HTMLElement, place: number}} one @param {number} place */
  #place(one, place) {
    one.place = place;
    one.element.style.transform = `translateY(${place * this.height}px)`;
    one.element.id = `row-${place}`;
    one.element.setAttribute("aria-rowindex", String(place + 2));
    one.element.dataset.place = String(place);
  }

  /** @param {{element: HTMLElement, cells: HTMLElement[], box: HTMLInputElement, row: Row | null}} one @param {Row} row */
  #fill(one, row) {
    const { element, cells, box } = one;
    one.row = row;
    element.dataset.status = row.status ?? "";
    box.checked = this.acts.isChosen(row);
    box.setAttribute("aria-label", `Compare ${row.id}`);
    element.setAttribute("aria-selected", String(box.checked));
    this.columns.forEach((column, at) => {
      if (column.show) column.show(cells[at], row);
      else put(cells[at], column.text(row, this.per));
    });
  }

  #mark() {
    const hasFocus = document.activeElement === this.element;
    for (const one of this.#pool) one.element.classList.toggle("active", hasFocus && one.place === this.active);
    if (this.rows.length) this.element.setAttribute("aria-activedescendant", `row-${this.active}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** Make a row the active one and bring it into sight. @param {number} place */
  goTo(place) {
    this.active = Math.min(Math.max(place, 0), this.rows.length - 1);
    const top = this.active * this.height;
    const room = this.#room - 2 * this.height; // what the headings and the row itself leave
    this.#top = this.element.scrollTop;
    if (top < this.#top) this.#top = top;
    else if (top > this.#top + room) this.#top = top - room;
    this.element.scrollTop = this.#top;
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.element) return;
    const page = Math.max(1, Math.floor(this.#room / this.height) - 2);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: this.rows.length - 1 };
    const row = this.rows[this.active];
    if (event.key in moves) this.goTo(moves[event.key]);
    else if (event.key === "Enter" && row) this.acts.onopen(row);
    else if (event.key === " " && row) this.acts.onchoose(row);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const place = Number(target.closest("[role=row]")?.getAttribute("data-place") ?? -1);
    const row = this.rows[place];
    if (!row) return;
    this.active = place;
    if (target.closest(".box")) {
      event.preventDefault(); // whether it is chosen is shown by who keeps it
      setTimeout(() => this.acts.onchoose(row));
    } else if (!target.closest("a") && !getSelection()?.toString()) this.acts.onopen(row);
  }
}
