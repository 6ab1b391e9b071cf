/** Progress: one line when a long work begins and one when it is done, with its seconds. */

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Announces `what`, does it, tells how long it took. */
export async function step<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  console.log(`  ${what} …`);
  const result = await work();
  console.log(`  ${what}: ${seconds(performance.now() - start)}`);
  return result;
}

/** Prints what `tell` returns every few seconds while the work goes on, so that a slow line does not look dead. */
export async function whileTelling<T>(tell: () => string, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    console.log(`    ${tell()}`);
  }, 5000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
