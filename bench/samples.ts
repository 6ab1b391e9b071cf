/** Samples of one measured thing, and what is said of them. */

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** All samples in the order in which they were taken, so that a drift or an outlier can be seen. */
export function listed(samples: readonly number[]): string {
  return samples.map((one) => one.toFixed(1)).join(' ');
}
