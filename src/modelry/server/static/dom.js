// Elements without HTML: text stays text, whatever the catalogue says.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, any>} Props */

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked", "indeterminate", "selected", "textContent"]);

/**
 * An element. Of `props`, functions named `onclick` … are listeners; true is an empty attribute; false and null are none.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  return filled(document.createElement(tag), props, children);
}

/**
 * The same for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, props, ...children) {
  return filled(/** @type {any} */ (document.createElementNS(SVG, tag)), props, children);
}

/** A button that does something. @param {Child} text @param {() => unknown} onclick @param {string} [kind] @param {Props} [more] */
export const button = (text, onclick, kind, more) => h("button", { type: "button", class: kind, onclick, ...more }, text);

/** The button that takes something away again. @param {string} label @param {() => unknown} onclick */
export const cross = (label, onclick) => button("×", onclick, undefined, { "aria-label": label });

/** The heading of a column. @param {Child | Child[]} text @param {boolean} [isNumber] */
export const head = (text, isNumber) => h("th", { scope: "col", class: isNumber && "num" }, text);

/** A table of lines as they come. @param {string} kind @param {Child[]} heads @param {Child[]} rows @param {string} [caption] for who does not see it */
export const plainTable = (kind, heads, rows, caption) =>
  h("table", { class: `plain ${kind}` }, caption && h("caption", { class: "unseen" }, caption), h("thead", null, h("tr", null, heads)), h("tbody", null, rows));

/** A part of a view in a frame. @param {string} label @param {...(Child | Child[])} children */
export const card = (label, ...children) => h("section", { class: "card", "aria-label": label }, ...children);

/**
 * Show a text in an element that holds text alone. Its node stays: the browser would lay out a new one from nothing.
 * @param {Node} element @param {string} text
 */
export function put(element, text) {
  const node = element.firstChild;
  if (!node) element.textContent = text;
  else if (node.nodeValue !== text) node.nodeValue = text;
}

/** Do it when what is there now is painted. @param {() => void} act */
export const whenPainted = (act) => requestAnimationFrame(() => setTimeout(act));

/**
 * @template {Element} E
 * @param {E} element
 * @param {Props | null | undefined} props
 * @param {(Child | Child[])[]} children
 * @returns {E}
 */
function filled(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (AS_PROPERTY.has(name)) /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Put these children in the place of those that an element has.
 * @template {Element} E
 * @param {E} element
 * @param {...(Child | Child[])} children
 * @returns {E}
 */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/**
 * The same for children of which some may be there: these stay untouched, so who types in one keeps it. True where anything changed.
 * @param {Element} element @param {Element[]} children in an order in which those that stay keep theirs
 */
export function arrange(element, children) {
  const before = [...element.children];
  for (const child of before) if (!children.includes(child)) child.remove();
  children.forEach((child, at) => child === element.children[at] || element.insertBefore(child, element.children[at]));
  return children.length !== before.length || children.some((child, at) => child !== before[at]);
}

let count = 0;

/** An id that no other element has. @param {string} name */
export const unique = (name) => `${name}-${++count}`;

/**
 * A labelled control: the label is what a person, or a screen reader, finds it by.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {{hint?: Child, wide?: boolean}} [more]
 */
export function field(label, control, more = {}) {
  control.id ||= unique("field");
  const hint = more.hint ? h("small", { id: unique("hint"), class: "hint" }, more.hint) : null;
  if (hint) control.setAttribute("aria-describedby", hint.id);
  return h("div", { class: more.wide ? "field wide" : "field" }, h("label", { for: control.id }, label), control, hint);
}

/**
 * A choice of a few, of which one holds: radio buttons that look like a switch.
 * @template T
 * @param {string} label
 * @param {[T, string][]} choices
 * @param {T} chosen
 * @param {(value: T) => void} onchange
 */
export function segments(label, choices, chosen, onchange) {
  const name = unique("segments");
  const radios = choices.map(([value, text]) => {
    const input = h("input", { type: "radio", name, checked: value === chosen, onchange: () => onchange(value) });
    return h("label", null, input, h("span", null, text));
  });
  return h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, label), radios);
}

/** @param {string} text @param {string} [label] what is copied, for its name */
export function copyButton(text, label = "") {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      made.textContent = "Copied";
      say(`Copied ${label || text}`);
    } catch {
      made.textContent = "Not allowed";
      say("The browser does not allow copying here");
    }
    setTimeout(() => (made.textContent = "Copy"), 1500);
  };
  const made = button("Copy", copy, "quiet copy", { "aria-label": `Copy ${label || text}` });
  return made;
}

/** Tell screen readers something that happened. @param {string} text */
export function say(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

/**
 * Give a text as a file.
 * @param {string} name @param {string} type @param {string} text
 */
export function download(name, type, text) {
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
