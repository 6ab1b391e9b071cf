/** A guest that reports the functions of its bus as our front end found them, and waits. */
import type { Guest } from 'openslot/guest';

export default async function finds({ xpci, store }: Guest): Promise<void> {
  await xpci.connected();
  const functions = xpci.list().map((summary) => {
    using fn = xpci.open(summary.address);
    const bars = fn.regions
      .filter(({ index }) => index < 6)
      .map(({ index, kind, size, address }) => ({ index, kind, base: Number(address), size }));
    return {
      address: summary.address,
      id: fn.config.read(0x00, 4),
      subsystem: fn.config.read(0x2c, 4),
      classRevision: fn.config.read(0x08, 4),
      bars,
      line: fn.config.read(0x3c, 1),
    };
  });
  await store.write('data/functions', JSON.stringify(functions));
  await new Promise(() => undefined);
}
