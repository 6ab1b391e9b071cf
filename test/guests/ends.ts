/** A guest that comes to its end in the way that its first argument names, once it has its function. */
import type { Region } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { firstFunction } from './first-function.js';

const DMA_COUNT = 0x90;
const DMA_COMMAND = 0x98;

export default async function ends({ arguments: [how], xpci, store, platform }: Guest): Promise<unknown> {
  const fn = await firstFunction(xpci);
  const region = fn.openRegion(0);
  await store.write('data/ready', 'yes');
  switch (how) {
    case 'returns':
      return undefined;
    case 'throws':
      throw new Error('as the test wants it');
    case 'exits':
      return process.exit(7);
    case 'loops':
      for (;;);
    case 'sleeps':
      return new Promise(() => undefined);
    case 'reads':
      for (;;) region.read32(0);
    case 'configures':
      for (;;) fn.config.read(0, 4);
    case 'transfers':
      await store.write('data/started', String(await transfer(region, platform)));
      return new Promise(() => undefined);
    default:
      throw new Error(`no end named ${how ?? 'nothing'}`);
  }
}

/** Starts a DMA into the guest's own memory; it ends a tenth of a second later. @returns where it goes. */
async function transfer(region: Region, platform: Guest['platform']): Promise<bigint> {
  const page = await platform.dma.allocate(4096);
  page.bytes.fill(0x5a);
  region.write64(0x80, 0x40000n);
  region.write64(0x88, page.iova);
  region.write64(DMA_COUNT, 64n);
  region.write32(DMA_COMMAND, 3);
  return page.iova;
}
