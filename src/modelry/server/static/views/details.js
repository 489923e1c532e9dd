// Everything the server knows of one model: its row, its prices by date, the card in force.

import { get, rowPath } from "../api.js";

/** @typedef {Record<string, any>} Card */
/** A card and when it holds: `since` null is since ever. @typedef {{since: string | null, until: string | null, in_use: boolean, card: Card}} Price */
/** `card` is the one in force. @typedef {{id: string, row: Record<string, any>, prices: Price[], changes: any[], card: Card | null}} Details */

/** @param {string} id @returns {Promise<Details>} */
export async function details(id) {
  const [row, history] = await Promise.all([get(rowPath("id", id)), get(rowPath("history", id))]);
  return { id: `${row.provider}/${row.model}`, row, ...history, card: inForce(history.prices) };
}

/** The id that a name means; refused with suggestions where it means none. @param {string} name @returns {Promise<string>} */
export const meant = async (name) => (await get(`/api/resolve?name=${encodeURIComponent(name)}`)).id;

/** @param {Price[]} prices */
function inForce(prices) {
  const now = new Date().toISOString();
  const holds = (/** @type {Price} */ { since, until, in_use }) => in_use && (since ?? "") <= now && (until === null || now < until);
  return prices.find(holds)?.card ?? null;
}
