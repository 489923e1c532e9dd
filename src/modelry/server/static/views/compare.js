// Models side by side, and where they stand among all others.

import { Refused } from "../api.js";
import { button, fill, h, say, segments } from "../dom.js";
import { modelBox } from "../combobox.js";
import { MOST_COMPARED, prefs } from "../prefs.js";
import { address, note, route } from "../route.js";
import { PERS } from "../text.js";
import { comparisonTable } from "./comparison.js";
import { details, meant } from "./details.js";
import { createMap } from "./map.js";

/** @typedef {import("./details.js").Details} Details */
/** @typedef {import("../main.js").App} App */

/** @param {App} app @returns {import("../main.js").View} */
export function create(app) {
  let isHere = false;
  /** What is known of the compared, by id; an error where it is not. @type {Map<string, Details | Error>} */
  const known = new Map();

  const box = modelBox(app, { label: "Add a model", fits: (row) => !prefs.chosen.includes(row.id), onchoose: add });
  const full = h("p", { class: "soft", hidden: true }, `${MOST_COMPARED} models are compared: remove one to add another.`);
  const only = h("input", { type: "checkbox", onchange: () => keep({ diff: only.checked ? "1" : "" }) });
  const unit = segments("Unit of token prices", PERS, prefs.per, (per) => (prefs.per = per));
  const tools = h("div", { class: "row tools" }, h("label", { class: "check" }, only, "Only differences"), unit);
  const table = h("div", { class: "stack" });
  const map = createMap(app, keep);
  const element = h(
    "div",
    { class: "page compare" },
    h("header", { class: "row head" }, h("div", { class: "stack" }, h("h1", null, "Compare"), full), tools),
    h("div", { class: "adder" }, box.element),
    table,
    map.element,
  );

  /** @param {string} id */
  function add(id) {
    if (prefs.toggle(id)) say(`${id} is compared`);
  }

  /** Keep a choice in the address; an empty one is left out. @param {Record<string, string>} choices */
  function keep(choices) {
    const { query } = route();
    for (const [name, value] of Object.entries(choices)) value ? query.set(name, value) : query.delete(name);
    note(address("compare", "", query));
    draw();
  }

  async function draw() {
    const { query } = route();
    const ids = prefs.chosen;
    only.checked = query.get("diff") === "1";
    tools.hidden = ids.length === 0;
    full.hidden = ids.length < MOST_COMPARED;
    box.element.hidden = !full.hidden;
    if (app.catalogue.isLoaded) map.show(query, ids);
    drawTable(ids);
    const missing = ids.filter((id) => !known.has(id));
    await Promise.all(missing.map(ask));
    if (missing.length && isHere) drawTable(prefs.chosen);
  }

  /** @param {string[]} ids */
  function drawTable(ids) {
    if (!ids.length) return fill(table, nothing());
    const found = ids.flatMap((id) => known.get(id) ?? []);
    if (found.length < ids.length || !app.catalogue.isLoaded) return table.childElementCount || fill(table, h("p", { class: "waiting" }, "Looking up the models …"));
    const troubles = ids.map((id) => trouble(id, known.get(id)));
    const models = found.flatMap((one) => (one instanceof Error ? [] : one));
    fill(table, troubles, models.length > 0 && comparisonTable(models, app.catalogue.vocabulary, { per: prefs.per, isOnlyDifferences: only.checked, remove }));
  }

  /** @param {string} id */
  async function ask(id) {
    try {
      const found = await details(id);
      known.set(found.id, found);
      rename(id, found.id);
    } catch (error) {
      const other = error instanceof Refused && error.status === 404 ? await meant(id).catch(() => null) : null;
      if (other && other !== id) rename(id, other);
      else known.set(id, /** @type {Error} */ (error));
    }
  }

  /** A name in the address that is no id gives its place to the id that it means. @param {string} name @param {string} id */
  function rename(name, id) {
    if (name !== id) prefs.chosen = [...new Set(prefs.chosen.map((one) => (one === name ? id : one)))];
  }

  /** @param {string} id @param {Details | Error | undefined} found */
  function trouble(id, found) {
    if (!(found instanceof Error)) return null;
    const again = () => {
      known.delete(id);
      void draw();
    };
    const isUnknown = found instanceof Refused && found.status === 404;
    return h(
      "p",
      { class: "note warn row" },
      isUnknown ? `${id} is not in the catalogue.` : `${id}: ${found.message}`,
      !isUnknown && button("Try again", again),
      button("Remove it", () => remove(id)),
    );
  }

  /** @param {string} id */
  function remove(id) {
    prefs.toggle(id);
    say(`${id} is removed`);
    box.input.focus();
  }

  app.catalogue.addEventListener("change", () => {
    known.clear();
    if (isHere) void draw();
  });
  prefs.addEventListener("per", () => isHere && void draw());
  prefs.addEventListener("chosen", () => isHere && keep({ ids: prefs.chosen.join() }));

  return {
    element,
    title: () => "Compare",
    show: ({ query }) => {
      isHere = true;
      const ids = [...new Set((query.get("ids") ?? "").split(",").filter(Boolean))].slice(0, MOST_COMPARED);
      if (ids.length && ids.join() !== prefs.chosen.join()) prefs.chosen = ids;
      else keep({ ids: prefs.chosen.join() });
    },
    hide: () => (isHere = false),
  };
}

const nothing = () =>
  h("div", { class: "note" }, "No model is chosen yet. Add one above, tick some in the ", h("a", { href: address("catalogue") }, "catalogue"), ", or open a point of the plot below.");
