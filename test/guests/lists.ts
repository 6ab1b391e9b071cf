/** A guest that keeps in the store what it finds on its bus: each function with its ids, read again from the device. */
import type { Guest } from 'openslot/guest';

export default async function lists({ xpci, store }: Guest): Promise<void> {
  const tell = () =>
    store.write(
      'data/functions',
      xpci
        .list()
        .map(({ address }) => `${address}=${xpci.open(address).config.read(0, 4).toString(16)}`)
        .join(' '),
    );
  await tell();
  for await (const _ of xpci.changes()) await tell();
}
