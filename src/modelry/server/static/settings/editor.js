// A model is filled in, looked at and written.
//
//   row + edits ──> dry run ──> old -> new ──> the same request again, written ──> the catalogue is loaded again

import { Refused, Unreachable, ask, get, rowPath } from "../api.js";
import { button, copyButton, fill, h } from "../dom.js";
import { address, go } from "../route.js";
import { words } from "../text.js";
import { changeLog, changesTable } from "./changes.js";
import { labelOf, modelForm } from "./form.js";
import { refusal } from "./token.js";

/** @typedef {import("./token.js").Token} Token */

const UPSERT = "/api/models/upsert";

/** @param {import("../main.js").App} app @param {Token} token */
export function editor(app, token) {
  const heading = h("h1");
  const top = h("div", { class: "stack" });
  const host = h("div");
  const below = h("div", { class: "stack", "aria-live": "polite" });
  const log = changeLog();
  const preview = h("button", { type: "submit", class: "primary" }, "Preview");
  const remove = button("Delete …", () => attempt(remove, askRemoval), "danger");
  const form = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), look()), oninput: stale }, host, h("div", { class: "row" }, preview, remove));
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
      if (mine === shown) fill(top, refusal(error, null, ...(error instanceof Refused ? error.suggestions.map(suggestion) : [button("Try again", () => open(of, edits))])));
    }
  }

  /** @param {string} one */
  const suggestion = (one) => h("a", { class: "button", href: address("settings", "", { edit: one }) }, one);

  async function make() {
    const { components } = await get("/openapi.json");
    fields = modelForm(components.schemas, app.catalogue.vocabulary, [...new Set(app.catalogue.rows.map((row) => row.provider))].sort());
    fill(host, fields.element);
    fields.fields.get("provider")?.control.addEventListener("change", () => infer(fields?.fields.get("provider")?.value()));
  }

  /** Put in where the provider's API is, unless somebody wrote there. @param {string} provider @param {Record<string, any>} [edits] */
  async function infer(provider, edits = {}) {
    if (!fields || !provider || fields.isEdited("base_url") || "base_url" in edits) return;
    const known = await get(`/api/providers/${encodeURIComponent(provider)}`).catch((error) => error);
    if (known instanceof Unreachable) return;
    fields.presume("base_url", known.base_url);
    fields.fields.get("base_url")?.tell(known instanceof Error ? [`Nobody knows the provider “${provider}” yet: say where its API is.`] : []);
  }

  // Looking and writing

  /** What was filled in is another: what was looked at is not what would be written. */
  function stale() {
    if (below.querySelector(".primary")) fill(below, h("p", { class: "soft" }, "Changed since: preview it again."));
  }

  /** @param {string} path @param {object} [body] */
  const send = async (path, body) => (await ask(path, { method: body ? "POST" : "DELETE", body, token: token.value, ifMatch: etag })).data;

  /** Do what a button promises, and say where it is refused. @param {HTMLButtonElement} by @param {() => Promise<void>} doing */
  async function attempt(by, doing) {
    const text = by.textContent;
    by.disabled = true;
    by.textContent = "One moment …";
    try {
      await doing();
    } catch (error) {
      const problems = error instanceof Refused ? error.problems : [];
      if (problems.length) return showProblems(problems);
      const isOld = error instanceof Refused && error.status === 412;
      fill(top, refusal(error, token, isOld ? button("Load it again and keep my edits", reload) : button("Try again", () => attempt(by, doing))));
      top.scrollIntoView({ block: "center" });
    } finally {
      by.disabled = false;
      by.textContent = text;
    }
  }

  function reload() {
    fill(top);
    void open(id, fields?.edits());
  }

  function look() {
    if (!fields) return;
    const troubles = fields.troubles();
    if (troubles.length) return showProblems(troubles);
    const body = { provider: fields.fields.get("provider")?.value() ?? "", model: fields.fields.get("model")?.value() ?? "", ...fields.edits() };
    void attempt(preview, async () => {
      const answer = await send(`${UPSERT}?dry_run=true`, body);
      fields?.tell([]);
      showPreview(answer, body);
    });
  }

  /** A card below that one looks at. @param {string} name @param {import("../dom.js").Child[]} children */
  function show(name, ...children) {
    const heading = h("h2", { id: "below", tabindex: -1 }, name);
    fill(top);
    fill(below, h("section", { class: "card", "aria-labelledby": "below" }, heading, children));
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "center" });
  }

  /** @param {any} answer @param {object} body */
  function showPreview({ action, model, diff }, body) {
    const row = `${model.provider}/${model.model}`;
    const is = { created: `${row} is a new row.`, updated: id ? `${row} changes.` : `${row} is there already, and changes.`, unchanged: "Nothing would change: the catalogue says all of this already." }[/** @type {string} */ (action)];
    const write = button(action === "created" ? "Add it" : "Write it", () => attempt(write, () => store(body)), "primary");
    const json = JSON.stringify(model, null, 2);
    show(
      "Preview",
      h("p", null, is, " Nothing is written yet."),
      action !== "unchanged" && changesTable(...sides(diff)),
      h("details", null, h("summary", null, "The whole row, and the request"), h("h3", null, "Row"), h("pre", null, json), copyButton(json, "the row"), h("h3", null, "Request"), h("pre", null, JSON.stringify(body, null, 2))),
      action !== "unchanged" && h("div", { class: "row" }, write),
    );
  }

  /** @param {object} body */
  async function store(body) {
    const { action, model, diff } = await send(UPSERT, body);
    const row = `${model.provider}/${model.model}`;
    const number = Object.keys(diff).length;
    await written(row, action === "created" ? "Added: " : "Written: ", h("a", { href: address("model", row) }, row), `, ${number} ${number === 1 ? "field" : "fields"} changed.`);
  }

  /** The catalogue is another now. @param {string} row "" where it is gone @param {import("../dom.js").Child[]} text */
  async function written(row, ...text) {
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
    const { action, diff } = await send(`${rowPath("id", id)}?dry_run=true`);
    const is = {
      deleted: "Only operators speak of this row, so it goes altogether.",
      deprecated: "Other sources know this model, so the row stays and is marked deprecated.",
      unchanged: "The row is marked already; nothing would change.",
    }[/** @type {string} */ (action)];
    const yes = button(action === "deleted" ? "Delete it" : "Mark it deprecated", () => attempt(yes, removed), "danger");
    const no = button("Keep it", () => (fill(below), remove.focus()));
    show(`Delete ${id}?`, h("p", null, is), action === "deprecated" && changesTable(...sides(diff)), h("div", { class: "row" }, action !== "unchanged" && yes, no));
  }

  async function removed() {
    const { action } = await send(rowPath("id", id));
    await written(action === "deleted" ? "" : id, `${id} is ${words(action)}.`);
  }

  /** All at the top, each at its field. @param {import("../api.js").Problem[]} problems */
  function showProblems(problems) {
    const lost = fields?.tell(problems);
    const number = problems.length === 1 ? "One problem" : `${problems.length} problems`;
    const items = problems.map((problem) => {
      const name = String(problem.loc[1]);
      const control = !lost?.includes(problem) && fields?.fields.get(name)?.control;
      return h("li", null, control ? button(labelOf(name), () => control.focus(), "link") : h("b", null, labelOf(name)), `: ${problem.msg}`);
    });
    const note = h("div", { class: "note bad stack", role: "alert", tabindex: -1 }, h("p", null, `${number}: nothing was written.`), h("ul", null, items));
    fill(below);
    fill(top, note);
    note.focus();
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

/** The two sides of a diff. @param {Record<string, Record<"old" | "new", unknown>>} diff @returns {[Record<string, unknown>, Record<string, unknown>]} */
function sides(diff) {
  const side = (/** @type {"old" | "new"} */ which) => Object.fromEntries(Object.entries(diff).map(([name, values]) => [name, values[which]]));
  return [side("old"), side("new")];
}
