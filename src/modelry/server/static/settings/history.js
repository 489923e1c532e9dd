// Who changed what of a model, newest first.

import { Refused, get, rowPath } from "../api.js";
import { fill, h } from "../dom.js";
import { count, day, words } from "../text.js";
import { changesTable } from "./changes.js";

const FIRST = 10;

/** The log of a model; `load` asks for it. */
export function changeLog() {
  const list = h("div", { class: "stack" });
  const element = h("section", { class: "card", "aria-labelledby": "log" }, h("h2", { id: "log" }, "Change log"), list);

  /** @param {any[]} changes newest first @param {number} most */
  function show(changes, most) {
    const more = changes.length - most;
    fill(
      list,
      !changes.length && h("p", { class: "soft" }, "No operator has changed this model."),
      changes.slice(0, most).map(entry),
      more > 0 && h("button", { type: "button", onclick: () => show(changes, changes.length) }, `Show ${count(more)} older`),
    );
  }

  return {
    element,
    /** @param {string} id */
    async load(id) {
      try {
        const { changes } = await get(rowPath("history", id));
        show(changes.reverse(), FIRST);
      } catch (error) {
        fill(list, h("p", { class: "soft" }, error instanceof Refused ? error.message : "The log cannot be had now."));
      }
    },
  };
}

/** @param {{at: string, who: string, action: string, old: Record<string, unknown>, new: Record<string, unknown>}} change @param {number} at */
function entry(change, at) {
  const time = h("time", { datetime: change.at, title: change.at }, `${day(change.at)}, ${change.at.slice(11, 16)} UTC`);
  return h("details", { open: at === 0 }, h("summary", null, time, " · ", words(change.action), " · ", h("span", { class: "soft" }, change.who)), changesTable(change.old, change.new, "No value became another."));
}
