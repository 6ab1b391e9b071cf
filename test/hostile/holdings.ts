/** What there is at one moment between two waves: everything that is open, and the heap. */
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectedHeap } from '../../bench/local/heap.js';
import type { AttackedHost } from './attacked-host.js';

export interface Holdings {
  readonly domains: number;
  readonly grants: number;
  readonly channels: number;
  readonly ranges: number;
  readonly pirqs: number;
  /** Pages that the back end has mapped. */
  readonly pages: number;
  readonly mapped: number;
  readonly granted: number;
  readonly tables: number;
  readonly backEnds: number;
  readonly connections: number;
  readonly watches: number;
  readonly nodes: number;
  /** Events of the machine's clock that have not happened. */
  readonly events: number;
  /** Bytes of the owner's heap after a collection: objects, and what the engine has compiled. */
  readonly heap: number;
  readonly code: number;
}

/** For the last events of watches and the ends of streams. */
const SETTLE_MS = 50;

export async function holdingsOf({
  xen,
  server,
  platform,
  machine,
  pciback,
}: AttackedHost): Promise<Holdings> {
  await sleep(SETTLE_MS);
  // A log of the observer's own.
  platform.assigned.length = 0;
  return {
    ...xen.usage,
    ...platform.open,
    mapped: platform.mapped.length,
    granted: platform.granted.size,
    tables: platform.protectedTables.size,
    backEnds: pciback.guests.length,
    connections: server.connections,
    watches: server.watches,
    // libxl leaves a directory for each function that it ever knew.
    nodes: [...server.nodes()].filter(({ path }) => !path.startsWith('/libxl/pci/')).length,
    events: machine.clock.pending,
    ...heap(),
  };
}

/** What the engine has compiled is nobody's data, and is told apart. */
function heap(): Pick<Holdings, 'heap' | 'code'> {
  const all = collectedHeap();
  const code = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('code_'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
  return { heap: all - code, code };
}
