/** Puts a storage function into a test guest's hands, as the back end does. */
import type { ConfigSpace } from '../../src/function/index.js';
import { DEFAULT_POLICY, ExportedFunction } from '../../src/pciback/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { domainId } from '../../src/xen/domain.js';
import { SimulatedHost, type PlacedShape } from '../function/simulated-host.js';
import { MemoryPlatform } from '../xen/memory-platform.js';
import type { HandlerGuest } from './shared-page-guest.js';

export function exportTo(guest: HandlerGuest, ...shapes: readonly PlacedShape[]) {
  return exportThrough(guest, (config) => config, ...shapes);
}

/** As {@link exportTo}, with a wrapper around each function's configuration space. */
export async function exportThrough(
  guest: HandlerGuest,
  wrap: (config: ConfigSpace) => ConfigSpace,
  ...shapes: readonly PlacedShape[]
) {
  const machine = new SimulatedHost(...shapes);
  const pool = new Pool(machine, new MemoryJournal());
  const platform = new MemoryPlatform();
  const refused: unknown[] = [];
  const exports: ExportedFunction[] = [];
  for (const { address } of shapes) {
    await pool.claim(address, 'pciback');
    const lease = pool.take(address, 'guest 1');
    const exported = new ExportedFunction(
      lease,
      wrap(lease.function.config),
      platform,
      domainId(1),
      DEFAULT_POLICY,
      (write) => refused.push(write),
    );
    guest.bus.put(guest.bus.placeFor(address), exported);
    exports.push(exported);
  }
  return { machine, pool, platform, refused, exports };
}
