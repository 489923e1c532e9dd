// Which model has which role: only those that fit are offered, and the server judges what is asked.

import { Refused, ask } from "../api.js";
import { modelBox } from "../combobox.js";
import { button, fill, h, say, unique } from "../dom.js";
import { title, words } from "../text.js";
import { refusal } from "./token.js";

/** @typedef {import("./token.js").Token} Token */

/** @typedef {{component: string, capabilities: string[], meaning: string}} Role */

/** Whether a row is known to have what a role needs. @param {import("../catalogue.js").Row} row @param {Role} role */
const fitsRole = (row, role) => row.components.includes(role.component) && role.capabilities.every((name) => row.capabilities[name] === true);

/**
 * Which model has which role: each offers what is known to fit it; anything else can be forced, and the server judges.
 * @param {import("../main.js").App} app @param {Token} token
 */
export function rolesForm(app, token) {
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
