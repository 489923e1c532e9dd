// All models: search, filters, order, columns. Everything that is asked stands in the address.

import { heading, chosenColumns, COLUMNS, NARROW, narrowed, ordered, USUAL } from "../columns.js";
import { button, cross, download, fill, h, say, segments, whenPainted } from "../dom.js";
import { FILTERS, filtered, filtersOf } from "../filter.js";
import { panel } from "../panel.js";
import { MOST_COMPARED, prefs } from "../prefs.js";
import { address, go, note, route } from "../route.js";
import { prepare } from "../search.js";
import { Table } from "../table.js";
import { count, PERS } from "../text.js";

/** @typedef {import("../catalogue.js").Row} Row */

/** @param {import("../main.js").App} app @returns {import("../main.js").View} */
export function create(app) {
  const view = new CatalogueView(app);
  return { element: view.element, title: () => "Catalogue", show: (now) => view.show(now.query), hide: () => view.hide() };
}

class CatalogueView {
  query = new URLSearchParams();
  isShown = false;
  #typing = 0;
  #isReady = false;
  /** @type {Row[]} */
  #offered = [];
  #sorted = "";
  #filters = "";

  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.catalogue = app.catalogue;
    this.narrow = matchMedia("(max-width: 46rem)");
    this.table = new Table("Models", {
      onopen: (row) => this.open(row),
      onchoose: (row) => prefs.toggle(row.id) || say(`At most ${MOST_COMPARED} models are compared at once`),
      onsort: (key) => this.sortBy(key),
      isChosen: (row) => this.chosen.has(row.id),
    });
    this.chosen = new Set(prefs.chosen);
    this.search = h("input", {
      type: "search", "aria-label": "Search models", placeholder: "Search 10,000 models: claude sonnet, gpt 4o mini …", autocomplete: "off", spellcheck: "false",
      oninput: () => this.ask("q", this.search.value ? [this.search.value] : []),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#inSearch(event),
    });
    this.told = h("p", { class: "told", role: "status" });
    this.active = h("div", { class: "chips" });
    this.empty = h("div", { class: "empty", hidden: true });
    this.panel = panel(app, (key, values) => this.ask(key, values));
    this.filters = button("Filters", () => this.#toggleFilters(), "open-filters", { "aria-expanded": "false" });
    this.plot = h("a", { class: "button" }, "Plot");
    this.tools = h("div", { class: "tools" });
    this.element = h(
      "div", { class: "catalogue" },
      h("h1", { class: "unseen" }, "Catalogue"),
      this.panel.element,
      h("section", { class: "list", "aria-label": "Models" },
        h("div", { class: "toolbar" }, this.search, this.filters, this.tools), h("div", { class: "line" }, this.told, this.active),
        this.empty, this.table.element),
    );
    this.#showTools();
    this.#listen();
  }

  #listen() {
    this.catalogue.addEventListener("change", () => {
      this.search.placeholder = `Search ${count(this.catalogue.rows.length)} models: claude sonnet, gpt 4o mini …`;
      this.update(false);
      this.#offer();
    });
    prefs.addEventListener("chosen", () => {
      this.chosen = new Set(prefs.chosen);
      this.table.refresh();
    });
    prefs.addEventListener("per", () => {
      this.#showTools();
      this.table.per = this.per;
      this.table.showHead();
      this.table.refresh();
    });
    this.narrow.addEventListener("change", () => this.#showColumns());
  }

  /** When the rows are painted, what the filters offer is counted, and what a search looks into made. */
  #offer() {
    const { isLoaded, rows } = this.catalogue;
    if (!isLoaded || rows === this.#offered) return;
    this.#offered = rows;
    whenPainted(() => {
      this.panel.fill();
      prepare(rows);
    });
  }

  get per() {
    return prefs.per;
  }

  get columns() {
    const asked = this.query.get("columns");
    if (!this.narrow.matches) return chosenColumns(asked ? asked.split(",") : USUAL);
    return narrowed(chosenColumns(asked ? asked.split(",") : NARROW));
  }

  /** @param {URLSearchParams} query */
  show(query) {
    const per = query.get("per");
    if (per && PERS.some(([one]) => one === per)) prefs.per = /** @type {import("../text.js").Per} */ (per);
    const isSame = this.isShown === false && query.toString() === this.query.toString();
    if (query.has("search")) {
      query.delete("search");
      setTimeout(() => this.search.focus());
    }
    this.isShown = true;
    this.query = query;
    this.search.value = query.get("q") ?? "";
    this.#showColumns();
    this.update(!isSame);
    this.#offer();
    if (isSame && this.rows) this.table.goTo(this.table.active); // back from a model: where one was
  }

  hide() {
    this.isShown = false;
  }

  /** Ask for other rows: these values of a filter, none for any. @param {string} key @param {string[]} values */
  ask(key, values) {
    this.query.delete(key);
    for (const value of values) this.query.append(key, value);
    this.#moved();
    this.update(true);
  }

  /** @param {string} key */
  sortBy(key) {
    const { key: now, descending } = this.table.sort;
    if (now !== key) this.query.set("sort", key);
    else if (!descending) this.query.set("sort", `-${key}`);
    else this.query.delete("sort");
    this.#moved();
    this.update(true);
  }

  /** The address follows, a little later than the letters of a search. */
  #moved() {
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.#noted(), 150);
  }

  #noted() {
    clearTimeout(this.#typing);
    if (route().view === "catalogue") note(address("catalogue", "", this.query));
  }

  /** @param {boolean} isOther whether other rows are asked for than before */
  update(isOther) {
    const sort = this.query.get("sort") ?? "";
    const descending = sort.startsWith("-");
    this.table.per = this.per;
    if (sort !== this.#sorted) {
      this.#sorted = sort;
      this.table.sort = { key: descending ? sort.slice(1) : sort, descending };
      this.table.showHead();
    }
    const found = filtered(this.catalogue.rows, this.query);
    this.rows = sort ? ordered(found, this.table.sort.key, descending) : found;
    this.table.setRows(this.rows, isOther);
    this.#tell();
  }

  #tell() {
    const { isLoaded, rows } = this.catalogue;
    if (isLoaded && !this.#isReady) whenPainted(() => performance.mark("ready"));
    this.#isReady ||= isLoaded;
    const shown = this.rows?.length ?? 0;
    this.told.textContent = !isLoaded ? "Loading the catalogue …" : shown === rows.length ? `${count(shown)} models` : `${count(shown)} of ${count(rows.length)}`;
    this.table.element.setAttribute("aria-busy", String(!isLoaded));
    const filters = filtersOf(this.query);
    this.plot.href = address("compare", "", filters);
    const asked = filters.size;
    filters.delete("q");
    if (filters.toString() !== this.#filters) this.#showFilters(filters);
    this.empty.hidden = !isLoaded || shown > 0;
    this.table.element.hidden = isLoaded && shown === 0;
    if (!this.empty.hidden) {
      const why = asked ? "No model passes all of this." : "The catalogue has no models yet.";
      const what = asked ? button("Clear search and filters", () => this.clear()) : h("a", { class: "button", href: address("settings", "", { new: "" }) }, "Add a model");
      fill(this.empty, h("p", null, why), what);
    }
  }

  /** @param {URLSearchParams} filters */
  #showFilters(filters) {
    this.#filters = filters.toString();
    fill(this.active, this.#chips());
    this.panel.read(this.query);
    this.filters.textContent = filters.size ? `Filters (${filters.size})` : "Filters";
  }

  #chips() {
    const chips = FILTERS.flatMap((filter) =>
      this.query.getAll(filter.key).filter(Boolean).map((value) => {
        const isFlag = value === "yes";
        const name = isFlag ? filter.label : `${filter.label}: ${filter.tell?.(value) ?? value.replaceAll("_", " ")}`;
        const rest = this.query.getAll(filter.key).filter((one) => one !== value);
        return h("span", { class: "chip" }, name, cross(`Remove ${name}`, () => this.ask(filter.key, rest)));
      }),
    );
    return chips.length ? [...chips, button("Clear all", () => this.clear(), "quiet clear")] : [];
  }

  clear() {
    for (const key of ["q", ...FILTERS.map((filter) => filter.key)]) this.query.delete(key);
    this.search.value = "";
    this.#moved();
    this.update(true);
    this.search.focus();
  }

  #toggleFilters() {
    const isOpen = this.element.classList.toggle("filtering");
    this.filters.setAttribute("aria-expanded", String(isOpen));
  }

  /** @param {KeyboardEvent} event */
  #inSearch(event) {
    if (event.key === "ArrowDown") this.table.element.focus();
    else if (event.key === "Enter" && this.rows?.length) this.open(this.rows[0]);
    else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.ask("q", []);
    } else return;
    event.preventDefault();
  }

  /** @param {Row} row */
  open(row) {
    this.#noted(); // so that Back comes back to what is shown now
    go(address("model", row.id));
  }

  // Tools: units, columns, export

  #showTools() {
    fill(
      this.tools,
      segments("Prices per", PERS.map(([per]) => [per, per === "1" ? "token" : per]), this.per, (per) => {
        this.query.set("per", per);
        this.#noted();
        prefs.per = per;
      }),
      menu("Columns", this.#columnBoxes()),
      menu("Export", [
        button("CSV of what is shown", () => this.#export("csv"), "quiet"),
        button("JSON of what is shown", () => this.#export("json"), "quiet"),
      ]),
      this.plot,
    );
  }

  #columnBoxes() {
    const shown = new Set(this.columns.map((column) => column.key));
    return COLUMNS.slice(1).map((column) => {
      const box = h("input", { type: "checkbox", checked: shown.has(column.key), "data-key": column.key, onchange: () => this.#chooseColumns() });
      return h("label", { class: "check" }, box, column.label);
    });
  }

  #chooseColumns() {
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (this.tools.querySelectorAll("input[data-key]"));
    const keys = [...boxes].filter((box) => box.checked).map((box) => box.dataset.key ?? "");
    this.query.set("columns", ["model", ...keys].join());
    this.#noted();
    this.#showColumns();
    this.table.refresh();
  }

  #showColumns() {
    this.table.height = this.narrow.matches ? 52 : 44;
    this.table.element.style.setProperty("--row", `${this.table.height}px`);
    const columns = this.columns;
    const widths = (/** @type {import("../columns.js").Column[]} */ some) => some.map((one) => one.key + one.width).join();
    if (widths(columns) === widths(this.table.columns)) return;
    this.table.setColumns(columns);
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (this.tools.querySelectorAll("input[data-key]"));
    for (const box of boxes) box.checked = columns.some((column) => column.key === box.dataset.key);
  }

  /** @param {"csv" | "json"} kind */
  #export(kind) {
    const rows = this.rows ?? [];
    if (kind === "json") download("models.json", "application/json", JSON.stringify(rows.map((row) => row.raw), null, 1));
    else {
      const columns = this.table.columns;
      const lines = rows.map((row) => columns.map((column) => cell(column.text(row, this.per))).join());
      download("models.csv", "text/csv", [columns.map((column) => cell(heading(column, this.per))).join(), ...lines, ""].join("\r\n"));
    }
    say(`${count(rows.length)} models exported`);
  }
}

/** A cell of a CSV; a spreadsheet reads none as a formula. @param {string} text */
function cell(text) {
  const bare = text === "–" ? "" : text.replace(/^\$(?=[\d.,]+$)/, "");
  const safe = /^[=+@\t\r-]/.test(bare) && Number.isNaN(Number(bare)) ? `'${bare}` : bare.replace(/^[\d,]+(?=\.?\d*$)/, (whole) => whole.replaceAll(",", ""));
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {string} label @param {HTMLElement[]} children */
function menu(label, children) {
  const details = h("details", { class: "menu" }, h("summary", { class: "button" }, label), h("div", { class: "sheet" }, children));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary")?.focus();
    event.stopPropagation();
  });
  document.addEventListener("click", (event) => {
    if (!details.contains(/** @type {Node} */ (event.target))) details.open = false;
  });
  return details;
}
