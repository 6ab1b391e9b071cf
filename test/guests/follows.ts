/** A guest that follows its bus and nothing else, until that ends. */
import type { Guest } from 'openslot/guest';

export default async function follows({ xpci, store, shutdown }: Guest): Promise<void> {
  for await (const { change } of xpci.changes())
    if (change === 'attached') await store.write('data/seen', change);
  console.log('aborted', shutdown.aborted);
}
