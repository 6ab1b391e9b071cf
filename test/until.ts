/** Waiting, in tests, for what others bring about. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait, so that a loaded machine has time. */
const PATIENCE_MS = 30_000;
const BETWEEN_LOOKS_MS = 5;

/** Settles when the condition holds. @param failure says what did not come, and is asked only then. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  failure: () => string | Promise<string> = () => 'waited in vain',
): Promise<void> {
  const latest = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > latest) assert.fail(await failure());
    await sleep(BETWEEN_LOOKS_MS);
  }
}
