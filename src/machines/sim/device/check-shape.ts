/** Whether the shape of a function is one that configuration space can show; what is not is a fault of its kind. */
import { MSIX_ENTRY_BYTES } from '../../../pci/index.js';
import type { DeviceKind, FunctionShape } from '../device-model.js';
import { BUILT_IN_FAULTS } from './faults.js';

const LAST_BAR = 5;
const MOST_MSIX_VECTORS = 2048;

/** @throws {RangeError} naming the kind and what is wrong with it. */
export function checkShape(kind: DeviceKind, shape: FunctionShape): void {
  const refuse = (why: string) => new RangeError(`device kind ${kind.name}: ${why}`);
  const taken = new Set<number>();
  for (const { index, kind: space, wide = false } of shape.regions) {
    for (const slot of wide ? [index, index + 1] : [index]) {
      if (!(Number.isInteger(slot) && slot >= 0 && slot <= LAST_BAR)) throw refuse(`there is no BAR ${slot}`);
      if (taken.has(slot)) throw refuse(`BAR ${slot} is there twice`);
      taken.add(slot);
    }
    if (wide && space === 'io') throw refuse(`BAR ${index}: ports have no 64 bits`);
  }
  for (const name of Object.keys(kind.faults ?? {})) {
    if (BUILT_IN_FAULTS.has(name)) throw refuse(`the fault ${name} is every device's`);
  }
  const { msix } = shape;
  if (msix === undefined) return;
  const region = shape.regions.find(({ index }) => index === msix.region);
  if (region?.kind !== 'memory') throw refuse(`the MSI-X table stands in no memory region`);
  if (!(msix.vectors >= 1 && msix.vectors <= MOST_MSIX_VECTORS)) throw refuse(`${msix.vectors} vectors`);
  const tableEnd = msix.table + msix.vectors * MSIX_ENTRY_BYTES;
  // Pending bits come in words of 64.
  const pendingEnd = msix.pending + Math.ceil(msix.vectors / 64) * 8;
  if (((msix.table | msix.pending) & 7) !== 0) throw refuse(`MSI-X structures are aligned to 8 bytes`);
  if (Math.max(tableEnd, pendingEnd) > region.size) throw refuse(`MSI-X structures leave their region`);
  if (msix.table < pendingEnd && msix.pending < tableEnd)
    throw refuse(`MSI-X table and pending bits overlap`);
}
