// Rows in the order of a number each. Numbers alone are sorted several times faster than rows are compared.

/** More than there are rows. */
const PLACES = 2 ** 20;

/**
 * The rows that have a score, the largest first, equals as they come. A score is a whole number; it and the place of its row
 * make one number.
 * @template T @param {T[]} rows @param {(row: T) => number | null} score @returns {T[]}
 */
export function ranked(rows, score) {
  const keys = new Float64Array(rows.length);
  let found = 0;
  for (let place = 0; place < rows.length; place++) {
    const number = score(rows[place]);
    if (number !== null) keys[found++] = place - number * PLACES;
  }
  return Array.from(keys.subarray(0, found).sort(), (key) => rows[((key % PLACES) + PLACES) % PLACES]);
}
