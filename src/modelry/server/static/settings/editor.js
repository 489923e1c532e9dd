// Adding and changing a model: fill in, look at what would change, write it.
//
//   row + edits ──> dry run ──> old -> new ──> the same request again, written ──> the catalogue is loaded again

import { Refused, Unreachable, ask, get, rowPath } from "../api.js";
import { copyButton, fill, h } from "../dom.js";
import { address, go } from "../route.js";
import { words } from "../text.js";
import { changesTable } from "./changes.js";
import { labelOf } from "./fields.js";
import { modelForm } from "./form.js";
import { changeLog } from "./history.js";
import { refusal } from "./refusal.js";

const UPSERT = "/api/models/upsert";

/** @param {import("../main.js").App} app @param {ReturnType<typeof import("./token.js").tokenField>} token */
export function editor(app, token) {
  const heading = h("h1");
  const top = h("div", { class: "stack" });
  const host = h("div");
  const below = h("div", { class: "stack", "aria-live": "polite" });
  const log = changeLog();
  const preview = h("button", { type: "submit", class: "primary" }, "Preview");
  const remove = h("button", { type: "button", class: "danger", onclick: () => void askRemoval() }, "Delete …");
  const form = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void look()), oninput: stale }, host, h("div", { class: "row" }, preview, remove));
  const element = h("div", { class: "stack editor" }, h("p", null, h("a", { href: address("settings") }, "Settings")), heading, top, form, below, log.element);

  /** @type {ReturnType<typeof modelForm> | null} */
  let fields = null;
  let id = "";
  let etag = "";
  let shown = 0;

  // Opening

  /** Show a row, or an empty form where `of` is "". @param {string} of @param {Record<string, any>} [edits] made before */
  async function open(of, edits = {}) {
    const mine = ++shown;
    id = of;
    etag = "";
    heading.textContent = of ? `Edit ${of}` : "Add a model";
    remove.hidden = log.element.hidden = !of;
    form.hidden = true;
    fill(below);
    try {
      if (!fields) await make();
      const { data, etag: tag } = of ? await ask(rowPath("id", of)) : { data: {}, etag: null };
      if (mine !== shown || !fields) return;
      id = of && `${data.provider}/${data.model}`;
      etag = tag ?? "";
      fields.tell([]);
      fields.lockKey(!of);
      fields.fill(data);
      if (!of) fields.edit({ family: "gen" });
      form.hidden = false;
      if (of) void log.load(id);
      if (of && !data.base_url) await infer(data.provider, edits);
      if (mine === shown) fields.edit(edits);
    } catch (error) {
      if (mine === shown) fill(top, refusal(error, { actions: error instanceof Refused ? suggestions(error) : [h("button", { type: "button", onclick: () => open(of, edits) }, "Try again")] }));
    }
  }

  /** @param {Refused} error */
  const suggestions = (error) => error.suggestions.map((one) => h("a", { class: "button", href: address("settings", "", { edit: one }) }, one));

  async function make() {
    const { components } = await get("/openapi.json");
    fields = modelForm(components.schemas, app.catalogue.vocabulary, [...new Set(app.catalogue.rows.map((row) => row.provider))].sort());
    fill(host, fields.element);
    fields.fields.get("provider")?.control.addEventListener("change", (event) => void infer(/** @type {HTMLInputElement} */ (event.target).value.trim()));
  }

  /** Put in where the provider's API is, unless somebody wrote there. @param {string} provider @param {Record<string, any>} [edits] */
  async function infer(provider, edits = {}) {
    if (!fields || !provider || fields.isEdited("base_url") || "base_url" in edits) return;
    try {
      const { base_url: url } = await get(`/api/providers/${encodeURIComponent(provider)}`);
      fields.presume("base_url", url);
      fields.fields.get("base_url")?.tell([]);
    } catch (error) {
      if (error instanceof Unreachable) return;
      fields.presume("base_url", null);
      fields.fields.get("base_url")?.tell([`Nobody knows the provider “${provider}” yet: say where its API is.`]);
    }
  }

  // Looking and writing

  /** What was filled in is another: what was looked at is not what would be written. */
  function stale() {
    const write = below.querySelector("[data-write]");
    if (write) fill(below, h("p", { class: "soft" }, "Changed since: preview it again."));
  }

  const request = () => {
    const key = Object.fromEntries(["provider", "model"].map((name) => [name, fields?.fields.get(name)?.value() ?? ""]));
    return { ...key, ...fields?.edits() };
  };

  async function look() {
    const troubles = fields?.troubles() ?? [];
    if (troubles.length && fields) return showProblems(troubles, fields);
    const body = request();
    preview.disabled = true;
    preview.textContent = "Looking …";
    try {
      const { data } = await ask(`${UPSERT}?dry_run=true`, { method: "POST", body, token: token.value, ifMatch: etag });
      fill(top);
      fields?.tell([]);
      showPreview(data, body);
    } catch (error) {
      refused(error, look);
    } finally {
      preview.disabled = false;
      preview.textContent = "Preview";
    }
  }

  /** @param {any} answer @param {any} body */
  function showPreview({ action, model, diff }, body) {
    const row = `${model.provider}/${model.model}`;
    const is = { created: `${row} is a new row.`, updated: id ? `${row} changes.` : `${row} is there already, and changes.`, unchanged: "Nothing would change: the catalogue says all of this already." }[/** @type {string} */ (action)];
    const write = h("button", { type: "button", class: "primary", "data-write": true, onclick: () => void store(body, write) }, action === "created" ? "Add it" : "Write it");
    const json = JSON.stringify(model, null, 2);
    fill(
      below,
      h(
        "section",
        { class: "card", "aria-labelledby": "preview" },
        h("h2", { id: "preview", tabindex: -1 }, "Preview"),
        h("p", null, is, " Nothing is written yet."),
        action !== "unchanged" && changesTable(...sides(diff)),
        h("details", null, h("summary", null, "The whole row, and the request"), h("h3", null, "Row"), h("pre", null, json), copyButton(json, "the row"), h("h3", null, "Request"), h("pre", null, JSON.stringify(body, null, 2))),
        action !== "unchanged" && h("div", { class: "row" }, write),
      ),
    );
    seen("preview");
  }

  /** @param {any} body @param {HTMLButtonElement} button */
  async function store(body, button) {
    button.disabled = true;
    try {
      const { data } = await ask(UPSERT, { method: "POST", body, token: token.value, ifMatch: etag });
      const row = `${data.model.provider}/${data.model.model}`;
      const number = Object.keys(data.diff).length;
      await written(row, [`${data.action === "created" ? "Added" : "Written"}: `, h("a", { href: address("model", row) }, row), `, ${number} ${number === 1 ? "field" : "fields"} changed.`]);
    } catch (error) {
      button.disabled = false;
      refused(error, () => store(body, button));
    }
  }

  /** The catalogue is another now. @param {string} row "" where it is gone @param {import("../dom.js").Child[]} text */
  async function written(row, text) {
    void app.catalogue.load();
    fill(below);
    notice = h("p", { class: "note", role: "status" }, text);
    if (!row || row !== id) return go(address("settings", "", row ? { edit: row } : {}));
    await open(row);
    fill(top, taken());
    top.scrollIntoView({ block: "center" });
  }

  /** What was done last: told where one is led to. @type {HTMLElement | null} */
  let notice = null;

  function taken() {
    const told = notice;
    notice = null;
    return told;
  }

  // Deleting

  async function askRemoval() {
    try {
      const { data } = await ask(`${rowPath("id", id)}?dry_run=true`, { method: "DELETE", token: token.value, ifMatch: etag });
      fill(top);
      showRemoval(data);
    } catch (error) {
      refused(error, askRemoval);
    }
  }

  /** @param {any} answer */
  function showRemoval({ action, diff }) {
    const is = {
      deleted: "Only operators speak of this row, so it goes altogether.",
      deprecated: "Other sources know this model, so the row stays and is marked deprecated.",
      unchanged: "The row is marked already; nothing would change.",
    }[/** @type {string} */ (action)];
    const yes = h("button", { type: "button", class: "danger", onclick: () => void removed(yes) }, action === "deleted" ? "Delete it" : "Mark it deprecated");
    const no = h("button", { type: "button", onclick: () => (fill(below), remove.focus()) }, "Keep it");
    fill(
      below,
      h("section", { class: "card", "aria-labelledby": "removal" }, h("h2", { id: "removal", tabindex: -1 }, `Delete ${id}?`), h("p", null, is), action === "deprecated" && changesTable(...sides(diff)), h("div", { class: "row" }, action !== "unchanged" && yes, no)),
    );
    seen("removal");
  }

  /** @param {HTMLButtonElement} button */
  async function removed(button) {
    button.disabled = true;
    try {
      const { data } = await ask(rowPath("id", id), { method: "DELETE", token: token.value, ifMatch: etag });
      await written(data.action === "deleted" ? "" : id, [`${id} is ${words(data.action)}.`]);
    } catch (error) {
      button.disabled = false;
      refused(error, () => removed(button));
    }
  }

  // Refusals

  /** @param {unknown} error @param {() => void} again */
  function refused(error, again) {
    const problems = error instanceof Refused ? error.problems : [];
    if (problems.length && fields) showProblems(problems, fields);
    else fill(top, refusal(error, { token, actions: error instanceof Refused && error.status === 412 ? [reload()] : [h("button", { type: "button", onclick: again }, "Try again")] }));
    top.scrollIntoView({ block: "center" });
  }

  const reload = () => h("button", { type: "button", onclick: () => (fill(top), void open(id, fields?.edits())) }, "Load it again and keep my edits");

  /** All at the top, each at its field. @param {import("../api.js").Problem[]} problems @param {NonNullable<typeof fields>} form */
  function showProblems(problems, form) {
    const { lost } = form.tell(problems);
    const number = problems.length === 1 ? "One problem" : `${problems.length} problems`;
    const items = problems.map((problem) => {
      const name = String(problem.loc[1]);
      const control = !lost.includes(problem) && form.fields.get(name)?.control;
      return h("li", null, control ? h("button", { type: "button", class: "link", onclick: () => control.focus() }, labelOf(name)) : h("b", null, labelOf(name)), `: ${problem.msg}`);
    });
    const note = h("div", { class: "note bad stack", role: "alert", tabindex: -1 }, h("p", null, `${number}: nothing was written.`), h("ul", null, items));
    fill(below);
    fill(top, note);
    note.focus();
  }

  /** @param {string} which */
  function seen(which) {
    const heading = document.getElementById(which);
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  return {
    element,
    /** @param {string} of */
    async open(of) {
      fill(top, taken());
      await open(of);
    },
    /** What was done last, for who shows it elsewhere: a deleted model has no form. */
    taken,
  };
}

/** The two sides of a diff. @param {Record<string, {old: unknown, new: unknown}>} diff @returns {[Record<string, unknown>, Record<string, unknown>]} */
const sides = (diff) => [Object.fromEntries(Object.entries(diff).map(([name, { old }]) => [name, old])), Object.fromEntries(Object.entries(diff).map(([name, { new: now }]) => [name, now]))];
