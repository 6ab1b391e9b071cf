/** Waiting for XenStore to say something, by watches and with a bound. */
import type { Watch, XenStore } from './store.js';
import { Wakeups } from './wakeups.js';

/**
 * Calls `look` now and after each change at the paths or below, until it gives something.
 * @returns undefined when `milliseconds` pass first. @throws what `look` throws.
 */
export async function awaitChange<Seen>(
  store: XenStore,
  paths: readonly string[],
  milliseconds: number,
  look: () => Promise<Seen | undefined>,
): Promise<Seen | undefined> {
  const wakeups = new Wakeups();
  const watches: Watch[] = [];
  let seen: Seen | undefined;
  try {
    for (const path of paths) {
      watches.push(
        await store.watch(path, () => {
          wakeups.announce();
        }),
      );
    }
    await wakeups.until(async () => (seen = await look()) !== undefined, milliseconds);
    return seen;
  } finally {
    await Promise.all(watches.map((watch) => watch.unwatch()));
  }
}
