/** A guest's work in rounds: each begins when the host allows it, and is reported when it is done. */
import type { XenStore } from '../../src/xen/store/store.js';

/** Host: `data/round` is the last round allowed. Guest: `data/done` is the last one done, and what came of it. */
export async function followRounds(
  store: XenStore,
  work: (round: number) => string | Promise<string>,
): Promise<never> {
  let allowed = 0;
  let wake: () => void = () => undefined;
  await store.watch('data/round', async () => {
    allowed = Number((await store.read('data/round')) ?? 0);
    wake();
  });
  for (let round = 1; ; round++) {
    while (allowed < round) await new Promise<void>((resolve) => (wake = resolve));
    await store.write('data/done', `${round} ${await work(round)}`);
  }
}
