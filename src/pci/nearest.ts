/** The names that are nearest to one that nothing has. */

/** Names further away are no misspellings. */
const FARTHEST = 3;

/** At most `most` names, the nearest first; empty where none is near. */
export function nearest(name: string, known: readonly string[], most = 3): string[] {
  const limit = Math.min(FARTHEST, Math.ceil(name.length / 2));
  return known
    .map((each) => ({ each, distance: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= limit || (name.length > 2 && each.includes(name)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ each }) => each);
}

/** Levenshtein's: letters to be put in, taken out or replaced. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** The names that may have been meant, as words of an answer; empty where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near.length === 0 ? '' : `did you mean ${near.join(' or ')}?`;
}
