/** How functions in QEMU are reset: by themselves, or with the bus that they have to themselves. */
import type { ResetMethod } from '../../function/index.js';
import { CapabilityId, capabilityOffsets } from '../../pci/index.js';
import type { Found, Tree } from './tree.js';

/** In the PCI Express capability (Base 6.0, 7.5.3.3 and 7.5.3.4). */
const DEVICE_CAPABILITIES = 4;
const DEVICE_CONTROL = 8;
const HAS_FLR = 0x1000_0000;
const START_FLR = 0x8000;
const BRIDGE_CONTROL = 0x3e;
const SECONDARY_RESET = 0x40;

/**
 * Methods that work, in the order in which an operating system tries them. Power management is none of them: QEMU's
 * models keep their state in D3hot, whatever their capability says.
 */
export function resetMethodsOf(found: Found, tree: Tree): readonly ResetMethod[] {
  if (found.headerType !== 0) return [];
  const methods: ResetMethod[] = [];
  if (expressFlr(found) !== undefined) methods.push('flr');
  const { parent } = found;
  if (parent !== undefined && tree.all().filter((other) => other.parent === parent).length === 1)
    methods.push('bus');
  return methods;
}

/** What is set in the function is gone afterwards, its addresses with it. QEMU's models need no time for it. */
export function resetFunction(found: Found, method: ResetMethod): void {
  const express = expressFlr(found);
  if (method === 'flr' && express !== undefined) {
    const { registers } = found;
    const control = registers.read(express + DEVICE_CONTROL, 2);
    registers.write(express + DEVICE_CONTROL, 2, control | START_FLR);
    return;
  }
  const bridge = found.parent?.registers;
  if (bridge === undefined) return;
  const control = bridge.read(BRIDGE_CONTROL, 2);
  bridge.write(BRIDGE_CONTROL, 2, control | SECONDARY_RESET);
  bridge.write(BRIDGE_CONTROL, 2, control & ~SECONDARY_RESET);
}

/** Offset of the PCI Express capability, of a function that has function level reset. */
function expressFlr({ registers }: Found): number | undefined {
  const express = capabilityOffsets(registers).get(CapabilityId.pcie);
  if (express === undefined) return undefined;
  return (registers.read(express + DEVICE_CAPABILITIES, 4) & HAS_FLR) === 0 ? undefined : express;
}
