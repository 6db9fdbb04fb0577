// Two people, one draft: what each changed since the last common version is kept, field by field.

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** @typedef {Record<string, any>} Fields  values by path; a path that is not there has no value */

/**
 * @param {Fields} base what both began with @param {Fields} mine @param {Fields} theirs
 * @returns {{merged: Fields, taken: string[], clashing: string[]}} `taken` are paths where theirs replaced
 *   mine; where both changed the same field to different things, `merged` has mine and the path is clashing.
 */
export function merge(base, mine, theirs) {
  const merged = {};
  const taken = [];
  const clashing = [];
  for (const path of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    let value = mine[path];
    if (!same(mine[path], theirs[path])) {
      if (same(mine[path], base[path])) {
        value = theirs[path];
        taken.push(path);
      } else if (!same(theirs[path], base[path])) clashing.push(path);
    }
    if (value !== undefined) merged[path] = value;
  }
  return { merged, taken, clashing };
}

/** Whether two sets of fields are equal, in whatever order. */
export function equal(one, other) {
  const { taken, clashing } = merge(one, one, other);
  return !taken.length && !clashing.length;
}
