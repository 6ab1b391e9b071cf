/** A guest that prints the first register of whatever it is given each time that it changes. */
import type { Guest } from 'openslot/guest';

export default async function watchesIdentity({ xpci, store }: Guest): Promise<never> {
  let last = '';
  for (;;) {
    for (const { address } of xpci.list()) {
      try {
        using fn = xpci.open(address);
        using region = fn.openRegion(0);
        fn.setEnabled(true);
        const now = region.read32(0).toString(16);
        if (now === last) continue;
        last = now;
        console.log(now);
        await store.write('data/identity', now);
      } catch (error) {
        // It left between the list and the access.
        console.log(String(error));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
