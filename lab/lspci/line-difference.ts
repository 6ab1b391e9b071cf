/** The longest common run of two texts' lines, and what differs between its pieces. */

/** Lines that stand in one text and not in the other, at the same place. */
export interface Hunk {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** More cells than this are not compared one with each: then all that is between the equal ends differs. */
const LARGEST_TABLE = 16_000_000;

export function hunksOf(ours: readonly string[], theirs: readonly string[]): readonly Hunk[] {
  let start = 0;
  while (start < ours.length && start < theirs.length && ours[start] === theirs[start]) start++;
  let end = 0;
  const most = Math.min(ours.length, theirs.length) - start;
  while (end < most && ours[ours.length - 1 - end] === theirs[theirs.length - 1 - end]) end++;
  const [a, b] = [ours.slice(start, ours.length - end), theirs.slice(start, theirs.length - end)];
  if (a.length === 0 && b.length === 0) return [];
  if (a.length === 0 || b.length === 0 || a.length * b.length > LARGEST_TABLE)
    return [{ ours: a, theirs: b }];
  return between(a, b);
}

/** How many lines differ: a line that is worded otherwise counts once. */
export function differing(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, { ours, theirs }) => sum + Math.max(ours.length, theirs.length), 0);
}

function between(a: readonly string[], b: readonly string[]): readonly Hunk[] {
  const width = b.length + 1;
  // Length of the longest common run of what follows each pair of places.
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const hunks: { ours: string[]; theirs: string[] }[] = [];
  let open: { ours: string[]; theirs: string[] } | undefined;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      open = undefined;
      i++;
      j++;
      continue;
    }
    if (open === undefined) hunks.push((open = { ours: [], theirs: [] }));
    if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) open.ours.push(a[i++] ?? '');
    else open.theirs.push(b[j++] ?? '');
  }
  return hunks;
}
