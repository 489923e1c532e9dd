// The write token: kept in memory until the page is left, never in storage or the address.

import { field, h } from "../dom.js";

/** The field, and what stands in it; `isWanted` marks and focuses it. */
export function tokenField() {
  const input = h("input", { type: "password", autocomplete: "off", spellcheck: "false" });
  const element = field("Write token", input, { hint: "Only where this server wants one (MODELRY_WRITE_TOKEN). It is forgotten when the page is left." });
  input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
  return {
    element,
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
