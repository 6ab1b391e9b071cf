/** Some of everything that a guest's driver does, so that whatever an operation leaves behind adds up. */
import type { PciFunction, Region } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { Bell, BLOCK_BYTES } from './bell.js';

/** Operations of each kind. */
export type MixCounts = Record<
  'config read' | 'config write' | 'register read' | 'register write' | 'DMA' | 'interrupt' | 'watch',
  number
>;

export interface Mix {
  readonly operations: number;
}

const CACHE_LINE = 0x0c;
const SUBSYSTEM = 0x2c;
const PATIENCE_MS = 10_000;
/** Operations between two watches, which take a round trip of messages. */
const WATCH_EVERY = 100;

/** Opens what it needs, and closes it at its end. @throws {Error} an operation that did nothing. */
export async function mix(
  { platform, store }: Guest,
  fn: PciFunction,
  region: Region,
  { operations }: Mix,
): Promise<MixCounts> {
  if (fn.interrupts === undefined) throw new Error('the function has no interrupts');
  using stream = fn.interrupts.open({ kind: 'msi', vector: 0 });
  using buffer = await platform.dma.allocate(BLOCK_BYTES);
  const counts: MixCounts = {
    'config read': 0,
    'config write': 0,
    'register read': 0,
    'register write': 0,
    DMA: 0,
    interrupt: 0,
    watch: 0,
  };
  let cacheLine = fn.config.read(CACHE_LINE, 1);
  let scratch = region.read32(Bell.scratch);
  for (let operation = 0; operation < operations; operation++) {
    const value = operation & 0xff;
    if (operation % WATCH_EVERY === 0) {
      await watchOnce(store, String(operation));
      counts.watch++;
      continue;
    }
    switch (operation % 8) {
      case 0:
        // Dropped by the policy, and told of once.
        fn.config.write(SUBSYSTEM, 4, value);
        counts['config write']++;
        break;
      case 1:
        fn.config.write(CACHE_LINE, 1, (cacheLine = value));
        counts['config write']++;
        break;
      case 2:
        expect(fn.config.read(CACHE_LINE, 1), cacheLine);
        counts['config read']++;
        break;
      case 3:
      case 4:
        region.write32(Bell.scratch, (scratch = value));
        counts['register write']++;
        break;
      case 5:
        expect(region.read32(Bell.scratch), scratch);
        counts['register read']++;
        break;
      case 6:
        buffer.bytes[BLOCK_BYTES - 1] = 0;
        region.write64(Bell.block, buffer.iova);
        expect(buffer.bytes[BLOCK_BYTES - 1], 0xbe);
        counts.DMA++;
        break;
      default:
        region.write32(Bell.ring, 0);
        expect(stream.wait(PATIENCE_MS)?.count, 1);
        counts.interrupt++;
    }
  }
  return counts;
}

/** A watch that is told of a change, and ends. */
async function watchOnce(store: Guest['store'], name: string): Promise<void> {
  const path = `data/watched/${name}`;
  let tell: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (tell = resolve));
  const watch = await store.watch(path, async () => {
    if ((await store.read(path)) !== undefined) tell();
  });
  await store.write(path, name);
  await told;
  await watch.unwatch();
  await store.remove('data/watched');
}

function expect(seen: number | undefined, wanted: number): void {
  if (seen !== wanted) throw new Error(`${seen ?? 'nothing'} came where ${wanted} was to come`);
}
