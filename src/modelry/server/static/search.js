// Search by name as people type it: words in any order, parts of words, letters left out; and where that finds nothing, a slip.

import { lettersOf, plainLetters } from "./catalogue.js";
import { ranked } from "./ranking.js";

/** @typedef {import("./catalogue.js").Row} Row */

/**
 * The rows that a text means, the nearest first.
 * @param {Row[]} rows @param {string} text
 * @returns {Row[]}
 */
export function search(rows, text) {
  const asked = plainLetters(text).split(/\s+/).filter(Boolean);
  if (!asked.length) return rows;
  const whole = `|${asked.join("-").replaceAll("/", "-")}`;
  const clear = found(rows, asked.map(strict), whole);
  return clear.best >= CLEAR * asked.length ? clear.rows : found(rows, asked.map(forgiving), whole).rows;
}

/** From this score on a word stands in a row just so. */
const CLEAR = 30;

/** How well a row fits a word: 0 is not at all. @typedef {(row: Row) => number} Judge */

/** The rows that fit every word, and the best score among them. @param {Row[]} rows @param {Judge[]} judges @param {string} whole */
function found(rows, judges, whole) {
  let best = -Infinity;
  const fitting = ranked(rows, (row) => {
    const sum = fit(row, judges);
    if (!sum) return null;
    const score = sum + standing(row, whole);
    best = Math.max(best, score);
    return 4 * score; // scores are whole quarters
  });
  return { rows: fitting, best };
}

/** How well a row fits all words: 0 where one does not. @param {Row} row @param {Judge[]} judges */
function fit(row, judges) {
  let sum = 0;
  for (const judge of judges) {
    const score = judge(row);
    if (!score) return 0;
    sum += score;
  }
  return sum;
}

/**
 * What is called just so comes first; of equal names the maker's own, the living and the short.
 * @param {Row} row @param {string} whole
 */
function standing({ words: { names, rank } }, whole) {
  const at = names.indexOf(whole);
  return at < 0 ? rank : rank + (names.includes(`${whole}|`, at) ? 50 : 10);
}

/** Whether a word stands in a row just so, best where it is a word there too. @param {string} word @returns {Judge} */
function exact(word) {
  const letters = lettersOf(word);
  return ({ words }) => {
    if ((words.letters & letters) !== letters) return 0;
    const at = words.text.indexOf(word);
    if (at < 0) return 0;
    return CLEAR + 10 + (isStart(words.text, at) ? 20 : 0) + (isStart(words.text, at + word.length) ? 10 : 0);
  };
}

/** The same, else whether its letters stand there in order. @param {string} word @returns {Judge} */
function strict(word) {
  const judge = exact(word);
  const letters = lettersOf(word);
  if (word.length < 3) return judge;
  return (row) => judge(row) || ((row.words.letters & letters) === letters ? inOrder(row.words.text, word) : 0);
}

/** The same, else whether one slip was made. @param {string} word @returns {Judge} */
function forgiving(word) {
  const right = strict(word);
  const judges = slips(word).map(exact);
  return (row) => {
    let best = right(row);
    for (const judge of judges) best = Math.max(best, judge(row) - CLEAR);
    return best;
  };
}

/** The word without one letter, or with two neighbours the other way round. @param {string} word */
function slips(word) {
  if (word.length < 5) return []; // who is still typing has made none
  const made = new Set();
  for (let at = 0; at < word.length; at++) {
    made.add(word.slice(0, at) + word.slice(at + 1));
    if (at) made.add(word.slice(0, at - 1) + word[at] + word[at - 1] + word.slice(at + 1));
  }
  return [...made];
}

/** Whether a word begins, or ends, there. @param {string} text @param {number} at */
function isStart(text, at) {
  const code = text.charCodeAt(at - 1);
  const here = text.charCodeAt(at);
  return at === 0 || at >= text.length || !isLetter(code) || !isLetter(here);
}

/** @param {number} code */
const isLetter = (code) => (code >= 97 && code <= 122) || (code >= 48 && code <= 57);

/** Whether the letters stand there in order and near one another; the closer the better. @param {string} text @param {string} word */
function inOrder(text, word) {
  for (let start = text.indexOf(word[0]); start >= 0; start = text.indexOf(word[0], start + 1)) {
    if (!isStart(text, start)) continue;
    let at = start;
    for (let letter = 1; letter < word.length && at >= 0; letter++) at = text.indexOf(word[letter], at + 1);
    if (at >= 0 && at - start < 2 * word.length) return Math.max(1, 20 - (at - start - word.length));
  }
  return 0;
}

/**
 * Make what searching needs, a few rows at a time, and search once: so the first letter that somebody types waits for nothing.
 * @param {Row[]} rows @param {number} [from]
 */
export function prepare(rows, from = 0) {
  for (const row of rows.slice(from, from + 300)) void row.words;
  if (from < rows.length) setTimeout(prepare, 0, rows, from + 300);
  else for (const text of ["a", "gpt 4o", "gpt-mnii"]) search(rows, text);
}
