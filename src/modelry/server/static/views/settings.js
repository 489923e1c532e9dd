// What may be written: which model has which role, and the models themselves, which are filled in, looked at and written.
//
//   row + edits ──> dry run ──> old -> new ──> the same request again, written ──> the catalogue is loaded again

import { Refused, Unreachable, ask, get, rowPath } from "../api.js";
import { modelBox } from "../combobox.js";
import { copyButton, field, fill, h, say, unique } from "../dom.js";
import { address, go } from "../route.js";
import { labelOf, modelForm } from "../settings/form.js";
import { count, day, plain, title, words } from "../text.js";

/** @param {import("../main.js").App} app @returns {import("../main.js").View} */
export function create(app) {
  const token = tokenField();
  const roles = rolesForm(app, token);
  const models = editor(app, token);
  const box = modelBox(app, { label: "Edit a model", onchoose: (id) => go(address("settings", "", { edit: id })) });
  const done = h("div");
  const overview = h(
    "div",
    { class: "stack" },
    h("h1", null, "Settings"),
    done,
    h("section", { class: "card", "aria-labelledby": "models" }, h("h2", { id: "models" }, "Models"), h("div", { class: "row models" }, box.element, h("a", { class: "button", href: address("settings", "", { new: "" }) }, "Add a model"))),
    roles.element,
  );
  const host = h("div", { class: "stack" });
  const element = h("div", { class: "page settings" }, host, h("div", { class: "card token" }, token.element));

  /** What is shown, so that news of the catalogue throws no edit away. */
  let shown = "";

  /** @param {import("../route.js").Route} route */
  function show({ query }) {
    const of = query.get("edit") ?? (query.has("new") ? "" : null);
    const now = of === null ? "roles" : `model ${of}`;
    if (!app.catalogue.isLoaded) return void fill(host, h("p", { class: "waiting" }, "The catalogue is on its way …"));
    if (now === shown) return;
    shown = now;
    fill(host, of === null ? overview : models.element);
    if (of !== null) return void models.open(of);
    fill(done, models.taken());
    void roles.load();
  }

  /** @type {import("../route.js").Route | null} */
  let asked = null;
  app.catalogue.addEventListener("change", () => asked && show(asked));

  return {
    element,
    title: ({ query }) => (query.get("edit") ? `Edit ${query.get("edit")}` : query.has("new") ? "Add a model" : "Settings"),
    show(route) {
      asked = route;
      show(route);
    },
    hide() {
      asked = null;
    },
  };
}

// Roles

/** @typedef {{component: string, capabilities: string[], meaning: string}} Role */

/** Whether a row is known to have what a role needs. @param {import("../catalogue.js").Row} row @param {Role} role */
const fitsRole = (row, role) => row.components.includes(role.component) && role.capabilities.every((name) => row.capabilities[name] === true);

/**
 * Which model has which role: each offers what is known to fit it; anything else can be forced, and the server judges.
 * @param {import("../main.js").App} app @param {Token} token
 */
function rolesForm(app, token) {
  const all = h("input", { type: "checkbox" });
  const fields = h("div", { class: "roles" });
  const told = h("div");
  const save = h("button", { type: "submit", class: "primary" });
  const undo = button("Take back", () => shownBack(), "quiet");
  const element = h(
    "form",
    { class: "card", "aria-labelledby": "roles", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void store()) },
    h("h2", { id: "roles" }, "Which model has which role"),
    h("label", { class: "check" }, all, h("span", null, "Show all models, and take any name. ", h("span", { class: "soft" }, "The server refuses what is known not to fit."))),
    told,
    fields,
    h("div", { class: "row" }, save, undo),
  );

  /** @type {Record<string, string | null>} */
  let stored = {};
  let etag = "";
  /** @type {Map<string, {box: ReturnType<typeof modelBox>, note: HTMLElement}>} */
  const made = new Map();

  const changes = () => Object.fromEntries([...made].map(([name, { box }]) => /** @type {const} */ ([name, box.value || null])).filter(([name, value]) => value !== stored[name]));

  function drawButtons() {
    const number = Object.keys(changes()).length;
    save.textContent = number ? `Save ${number} change${number === 1 ? "" : "s"}` : "Save";
    save.disabled = undo.hidden = !number;
  }

  /** @param {string} name */
  function roleField(name) {
    const role = app.catalogue.vocabulary.roles[name];
    const needs = [role.component, ...role.capabilities].map(words).join(", ");
    const note = h("div", { id: unique("note") });
    const box = modelBox(app, {
      label: title(name),
      holds: true,
      fits: (row) => all.checked || fitsRole(row, role),
      isFree: () => all.checked,
      hint: `${title(role.meaning)}; needs ${needs}.`,
      placeholder: "none",
      onchoose() {
        tell(name);
        drawButtons();
      },
    });
    box.input.setAttribute("aria-describedby", `${box.input.getAttribute("aria-describedby")} ${note.id}`);
    made.set(name, { box, note });
    return h("div", null, box.element, note);
  }

  /** What the server says of a role. @param {string} name @param {string} [text] @param {boolean} [isBad] */
  function tell(name, text, isBad = false) {
    const one = made.get(name);
    if (!one) return;
    one.box.input.setAttribute("aria-invalid", String(isBad));
    fill(one.note, text && h("p", { class: isBad ? "bad" : "warn" }, text));
  }

  function shownBack() {
    for (const [name, { box }] of made) {
      box.value = stored[name] ?? "";
      tell(name);
    }
    drawButtons();
  }

  /** @param {string} path @param {import("../api.js").Asked} [asked] */
  async function send(path, asked) {
    const { data, etag: tag } = await ask(path, asked);
    etag = tag ?? "";
    return data;
  }

  async function load() {
    try {
      stored = await send("/api/config");
      if (!made.size) fill(fields, Object.keys(stored).filter((name) => name in app.catalogue.vocabulary.roles).map(roleField));
      shownBack();
      fill(told);
    } catch (error) {
      drawButtons();
      fill(told, refusal(error, null));
    }
  }

  async function store() {
    const asked = changes();
    for (const name of made.keys()) tell(name);
    save.disabled = true;
    try {
      const { config, warnings } = await send("/api/config", { method: "PATCH", body: asked, token: token.value, ifMatch: etag });
      stored = config;
      fill(told, h("p", { class: "note", role: "status" }, `Saved: ${Object.keys(asked).map(title).join(", ")}.`));
      for (const warning of warnings) tell(warning.split(":")[0], warning);
    } catch (error) {
      refused(error);
    }
    drawButtons();
  }

  /** @param {unknown} error */
  function refused(error) {
    const problems = error instanceof Refused ? error.problems : [];
    for (const { loc, msg } of problems) tell(String(loc[1]), msg, true);
    if (problems.length) {
      fill(told, h("p", { class: "note bad", role: "alert" }, `Nothing was saved: ${problems.length === 1 ? "one model does" : `${problems.length} models do`} not fit. See below.`));
      made.get(String(problems[0].loc[1]))?.box.input.focus();
    } else fill(told, refusal(error, token, ...(error instanceof Refused && error.status === 412 ? [button("Load it again", load)] : [])));
    say("Nothing was saved.");
  }

  drawButtons();
  return { element, load };
}

// A model

const UPSERT = "/api/models/upsert";

/** @param {import("../main.js").App} app @param {Token} token */
function editor(app, token) {
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
    heading.scrollIntoView({ block: "center", behavior: "smooth" });
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

// What changed, leaf by leaf: old -> new; and the log of who changed what

/** What follows from a change by itself stands last. */
const BOOKS = ["provenance", "last_updated"];

/** @typedef {{path: string[], old: unknown, new: unknown}} Leaf */

/** @param {unknown} value */
const isNode = (value) => typeof value === "object" && value !== null && (!Array.isArray(value) || value.some((one) => typeof one === "object"));

/**
 * The leaves that differ. Lists of plain values are leaves.
 * @param {unknown} old @param {unknown} now @param {string[]} [path]
 * @returns {Leaf[]}
 */
function leaves(old, now, path = []) {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (!isNode(old) && !isNode(now)) return [{ path, old, new: now }];
  const [before, after] = [old, now].map((value) => /** @type {Record<string, unknown>} */ (isNode(value) ? value : {}));
  const left = !isNode(old) && old != null ? [{ path, old, new: undefined }] : [];
  return [...left, ...Object.keys({ ...before, ...after }).flatMap((name) => leaves(before[name], after[name], [...path, name]))];
}

/** `["pricing", "0", "input_per_token"]` -> `pricing › 1 › input per token`. @param {string[]} path */
const pathText = (path) => path.map((name) => (/^\d+$/.test(name) ? Number(name) + 1 : words(name))).join(" › ");

/**
 * A table of changes, or a word that there are none.
 * @param {Record<string, unknown>} old @param {Record<string, unknown>} now @param {string} none
 */
function changesTable(old, now, none = "Nothing changes.") {
  const isBook = (/** @type {Leaf} */ leaf) => BOOKS.includes(leaf.path[0]);
  const found = leaves(old, now).sort((a, b) => Number(isBook(a)) - Number(isBook(b)));
  if (!found.length) return h("p", { class: "soft" }, none);
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain changes" },
      h("thead", null, h("tr", null, ["Field", "Old", "New"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", null, found.map((leaf) => h("tr", { class: isBook(leaf) && "soft" }, h("th", { scope: "row" }, pathText(leaf.path)), h("td", { class: "old" }, plain(leaf.old)), h("td", null, plain(leaf.new))))),
    ),
  );
}

const FIRST = 10;

/** The log of a model; `load` asks for it. */
function changeLog() {
  const list = h("div", { class: "stack" });

  /** @param {any[]} changes newest first @param {number} most */
  function show(changes, most) {
    const more = changes.length - most;
    fill(
      list,
      !changes.length && h("p", { class: "soft" }, "No operator has changed this model."),
      changes.slice(0, most).map(entry),
      more > 0 && button(`Show ${count(more)} older`, () => show(changes, Infinity)),
    );
  }

  return {
    element: h("section", { class: "card", "aria-labelledby": "log" }, h("h2", { id: "log" }, "Change log"), list),
    /** @param {string} id */
    async load(id) {
      try {
        show((await get(rowPath("history", id))).changes.reverse(), FIRST);
      } catch (error) {
        fill(list, h("p", { class: "soft" }, error instanceof Refused ? error.message : "The log cannot be had now."));
      }
    },
  };
}

/** @param {{at: string, who: string, action: string, old: Record<string, unknown>, new: Record<string, unknown>}} change @param {number} place */
function entry({ at, who, action, old, new: now }, place) {
  const time = h("time", { datetime: at, title: at }, `${day(at)}, ${at.slice(11, 16)} UTC`);
  return h("details", { open: place === 0 }, h("summary", null, time, ` · ${words(action)} · `, h("span", { class: "soft" }, who)), changesTable(old, now, "No value became another."));
}

// Who may write, and what one can do where that was refused

/** The write token, never in storage or the address: its field, what stands in it; `isWanted` marks and focuses it. */
function tokenField() {
  const input = h("input", { type: "password", autocomplete: "off", oninput: () => input.removeAttribute("aria-invalid") });
  return {
    element: field("Write token", input, { hint: "Only where this server wants one (MODELRY_WRITE_TOKEN). It is forgotten when the page is left." }),
    get value() {
      return input.value;
    },
    isWanted() {
      input.setAttribute("aria-invalid", "true");
      input.focus();
      input.select();
    },
  };
}

/** @typedef {ReturnType<typeof tokenField>} Token */

/** @type {Record<number, string>} */
const ADVICE = {
  401: "This server is written with its token: put it into “Write token” and try again.",
  403: "This server is written from its own machine alone. Open this page there, or start the server with MODELRY_WRITE_TOKEN and give that token here.",
  409: "Nothing can be written here. Open this page at the primary and write there.",
  503: "The catalogue of this server has to be mended first.",
};

/**
 * The note. Raises what is neither a refusal nor an absence.
 * @param {unknown} error @param {Token | null} token @param {import("../dom.js").Child[]} actions
 */
function refusal(error, token, ...actions) {
  const isAway = error instanceof Unreachable;
  if (!isAway && !(error instanceof Refused)) throw error;
  const status = isAway ? 0 : error.status;
  const advice = isAway ? "Try again when it is back; what you filled in stays." : ADVICE[status];
  const told = h("p", null, advice);
  if (status === 401 || status === 403) queueMicrotask(() => token?.isWanted());
  if (status === 409) void primary().then((page) => page && told.append(" ", h("a", { href: page + location.hash }, page)));
  return h("div", { class: "note bad stack", role: "alert" }, h("p", null, error.message), advice && told, actions.length > 0 && h("div", { class: "row" }, actions));
}

/** The page of the server that a replica follows, where that is one and not a file. */
async function primary() {
  const state = await get("/api/ready").catch(() => null);
  return /^https?:.*\/(?=api\/models)/.exec(state?.primary?.url)?.[0];
}

/** A button that does something. @param {string} text @param {() => unknown} onclick @param {string} [kind] */
const button = (text, onclick, kind) => h("button", { type: "button", class: kind, onclick }, text);
