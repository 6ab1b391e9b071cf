/** Waiting for the order to end. */

/** Settles with the name of the signal that ends the process. From the call on: what is half started must be taken back. */
export function untilTold(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        resolve(signal);
      });
    }
  });
}
