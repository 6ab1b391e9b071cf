/** Samples of one measured thing, and what is said of them. */

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest sample that a `share` of all (0 to 1) does not exceed. Sorts the array. */
export function quantile(samples: Float64Array, share: number): number {
  samples.sort();
  return samples[Math.max(0, Math.ceil(samples.length * share) - 1)] ?? Number.NaN;
}

/** All samples in the order in which they were taken, so that a drift or an outlier can be seen. */
export function listed(samples: readonly number[], digits = 1): string {
  return samples.map((one) => one.toFixed(digits)).join(' ');
}

/** Names of two rows: what is said of the first one beside the second. */
export type Pair = readonly [string, string];

/** Rows by their names, each with the median and all samples; then the medians of pairs, one over the other. */
export function printRows(
  rows: Readonly<Record<string, readonly number[]>>,
  digits: number,
  pairs: readonly Pair[],
): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length)) + 1;
  for (const [name, samples] of Object.entries(rows))
    console.log(
      `    ${name.padEnd(width)} median ${median(samples).toFixed(digits).padStart(9)}   ${listed(samples, digits)}`,
    );
  for (const [one, other] of pairs)
    console.log(
      `    ${one} / ${other}: ${(median(rows[one] ?? []) / median(rows[other] ?? [])).toPrecision(3)}`,
    );
}
