// The frame around the views: navigation, theme, the state of the server, the tray of models to compare.
//
//   address ──> view ──> element        catalogue ──> rows ──> every view

import { connection, Unreachable } from "./api.js";
import { Catalogue } from "./catalogue.js";
import { button, cross, fill, h, say } from "./dom.js";
import { prefs } from "./prefs.js";
import { address, go, route } from "./route.js";
import { away, count, day } from "./text.js";
import * as catalogue from "./views/catalogue.js"; // shown first: there before the rows are

/**
 * A view: made once, shown whenever the address names it. `show` also answers a change of the address while it is there.
 * @typedef {{element: HTMLElement, title: (route: import("./route.js").Route) => string,
 *   show: (route: import("./route.js").Route) => void, hide?: () => void}} View
 */

/** What views share. @typedef {{catalogue: Catalogue}} App */

/** @type {Record<string, {label: string, load: () => Promise<{create: (app: App) => View}>, nav?: boolean}>} */
const VIEWS = {
  catalogue: { label: "Catalogue", load: async () => catalogue, nav: true },
  compare: { label: "Compare", load: () => import("./views/compare.js"), nav: true },
  calculator: { label: "Calculator", load: () => import("./views/calculator.js"), nav: true },
  settings: { label: "Settings", load: () => import("./views/settings.js"), nav: true },
  model: { label: "Model", load: () => import("./views/model.js") },
};

const app = { catalogue: new Catalogue() };
const main = /** @type {HTMLElement} */ (document.getElementById("main"));

/** @type {Map<string, View>} */
const made = new Map();
/** @type {View | null} */
let shown = null;
let asked = "";

async function showRoute() {
  const now = route();
  const name = now.view in VIEWS ? now.view : "catalogue";
  asked = name;
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.getAttribute("data-view") === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const view = made.get(name) ?? (await VIEWS[name].load()).create(app);
  made.set(name, view);
  if (asked !== name) return; // another view was asked for meanwhile
  if (shown !== view) {
    shown?.hide?.();
    const isFirst = shown === null;
    shown = view;
    fill(main, view.element);
    if (!isFirst) {
      main.focus({ preventScroll: true });
      main.scrollTop = 0;
    }
  }
  showTray();
  view.show(route());
  document.title = `${view.title(now)} · modelry`;
}

function showNavigation() {
  const links = Object.entries(VIEWS).filter(([, view]) => view.nav);
  const nav = /** @type {HTMLElement} */ (document.getElementById("nav"));
  fill(nav, links.map(([name, view]) => h("a", { href: address(name), "data-view": name }, view.label)), h("a", { href: "/docs" }, "API"));
}

function showState() {
  const state = /** @type {HTMLElement} */ (document.getElementById("state"));
  const { isLoaded, rows, updated } = app.catalogue;
  fill(state, isLoaded && `${count(rows.length)} models`, isLoaded && updated && h("span", { title: day(updated) }, ` · updated ${away(updated)}`));
}

// Theme

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

function showTheme() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("theme"));
  document.documentElement.dataset.theme = prefs.theme;
  fill(button, { auto: "◐", light: "☀", dark: "☾" }[prefs.theme]);
  button.setAttribute("aria-label", `Theme: ${prefs.theme}. Change it`);
  button.title = `Theme: ${prefs.theme}`;
}

// A server that goes away and comes back

const LONGEST_WAIT = 30;
let waited = 1;
let counting = 0;

function wait() {
  const banner = /** @type {HTMLElement} */ (document.getElementById("banner"));
  let left = waited;
  waited = Math.min(2 * waited, LONGEST_WAIT);
  clearInterval(counting);
  const seconds = h("span", { "aria-hidden": true });
  const now = button("Try now", () => again());
  const told = app.catalogue.isLoaded ? "What you see is what it last said." : "Is it running?";
  fill(banner, `The server cannot be reached. ${told} `, seconds, " ", now);
  banner.hidden = false;
  const tell = () => (left-- > 0 ? (seconds.textContent = `Next try in ${left + 1} s.`) : again());
  const again = () => {
    clearInterval(counting);
    seconds.textContent = "Trying …";
    void app.catalogue.load().then(() => app.catalogue.trouble && wait());
  };
  tell();
  counting = window.setInterval(tell, 1000);
}

function isBack() {
  clearInterval(counting);
  waited = 1;
  const banner = /** @type {HTMLElement} */ (document.getElementById("banner"));
  if (!banner.hidden) say("The server is back.");
  banner.hidden = true;
}

function refused() {
  const { trouble } = app.catalogue;
  if (!trouble || trouble instanceof Unreachable) return;
  const banner = /** @type {HTMLElement} */ (document.getElementById("banner"));
  fill(banner, `The catalogue cannot be had: ${trouble.message} `, button("Try again", () => app.catalogue.load()));
  banner.hidden = false;
}

// The tray

function showTray() {
  const tray = /** @type {HTMLElement} */ (document.getElementById("tray"));
  const ids = prefs.chosen;
  tray.hidden = ids.length === 0 || !["catalogue", "model"].includes(asked);
  const chips = ids.map((id) =>
    h("span", { class: "chip" }, id, cross(`Leave ${id}`, () => prefs.toggle(id))),
  );
  fill(
    tray,
    h("div", { class: "chips" }, chips),
    h("a", { class: "button primary", href: address("compare", "", { ids: ids.join() }) }, `Compare ${ids.length}`),
    button("Clear", () => (prefs.chosen = []), "quiet"),
  );
}

// The keyboard

/** @param {KeyboardEvent} event */
function pressed(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyping = target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const search = document.querySelector("main input[type=search]");
    if (search instanceof HTMLInputElement) search.select();
    else go(address("catalogue", "", { search: "" }));
  }
  if (event.key === "Escape" && !isTyping && route().view === "model") history.back();
}

showNavigation();
showTheme();
showTray();
document.getElementById("theme")?.addEventListener("click", () => {
  prefs.theme = THEMES[(THEMES.indexOf(prefs.theme) + 1) % THEMES.length];
  say(`Theme: ${prefs.theme}`);
});
prefs.addEventListener("theme", showTheme);
prefs.addEventListener("chosen", showTray);
connection.addEventListener("away", wait);
connection.addEventListener("back", () => {
  isBack();
  if (!app.catalogue.isLoaded || app.catalogue.trouble) void app.catalogue.load();
});
app.catalogue.addEventListener("trouble", refused);
app.catalogue.addEventListener("change", () => {
  showState();
  isBack();
});
window.addEventListener("hashchange", showRoute);
window.addEventListener("keydown", pressed);
void app.catalogue.load();
app.catalogue.watch();
void showRoute();
