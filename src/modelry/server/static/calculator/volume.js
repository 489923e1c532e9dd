// From the cost of a call to that of a month: digits times a whole number, exactly.

import { shifted } from "../text.js";

export const DAYS = 30;

/** A decimal number times a whole one, as text. @param {number | string} amount @param {number} factor */
export function times(amount, factor) {
  const digits = shifted(amount);
  const places = digits.split(".")[1]?.length ?? 0;
  return shifted(String(BigInt(digits.replace(".", "")) * BigInt(factor)), -places);
}

/** @typedef {{calls: number, period: "day" | "month"}} Volume */

/** The calls of a month, of which each day has the same. @param {Volume} volume */
export const monthly = ({ calls, period }) => calls * (period === "day" ? DAYS : 1);
