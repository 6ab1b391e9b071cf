/** Waiting for XenStore to say something, by watches and with a bound. */
import type { XenStore } from '../xen/store/index.js';

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
  let changed = false;
  let wake: () => void = () => undefined;
  const onChange = () => {
    changed = true;
    wake();
  };
  const watches = [];
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    wake();
  }, milliseconds);
  try {
    for (const path of paths) watches.push(await store.watch(path, onChange));
    for (;;) {
      changed = false;
      const seen = await look();
      if (seen !== undefined) return seen;
      if (late) return undefined;
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearTimeout(timer);
    await Promise.all(watches.map((watch) => watch.unwatch()));
  }
}
