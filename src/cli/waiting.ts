/** What a person at a terminal sees while a command waits: for whom, and how long. */

/** Shorter waits are not worth a word. */
const SILENT_MS = 1000;

/** Settles as `work` does. Only a terminal is told, on standard error; the line is gone at the end. */
export async function waitingFor<Result>(whom: string, work: Promise<Result>): Promise<Result> {
  if (!process.stderr.isTTY) return work;
  const begun = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - begun) / 1000);
    process.stderr.write(`\r\x1b[Kwaiting for ${whom}: ${seconds} s`);
  }, SILENT_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  }
}
