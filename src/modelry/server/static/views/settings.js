// What may be written: which model has which role, and the models themselves.

import { modelBox } from "../combobox.js";
import { fill, h } from "../dom.js";
import { address, go } from "../route.js";
import { editor } from "../settings/editor.js";
import { rolesForm } from "../settings/roles.js";
import { tokenField } from "../settings/token.js";

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
