/** Puts a storage function into a test guest's hands, as the back end does. */
import { DEFAULT_POLICY, ExportedFunction } from '../../src/pciback/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { domainId } from '../../src/xen/domain.js';
import { StorageMachine, type StorageShape } from '../function/storage-machine.js';
import { MemoryPlatform } from '../xen/memory-platform.js';
import type { HandlerGuest } from './shared-page-guest.js';

export async function exportTo(guest: HandlerGuest, ...shapes: readonly StorageShape[]) {
  const machine = new StorageMachine(...shapes);
  const pool = new Pool(machine, new MemoryJournal());
  const platform = new MemoryPlatform();
  const refused: unknown[] = [];
  const exports: ExportedFunction[] = [];
  for (const { address } of shapes) {
    await pool.claim(address, 'pciback');
    const lease = pool.take(address, 'guest 1');
    const exported = new ExportedFunction(
      lease,
      lease.function.config,
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
