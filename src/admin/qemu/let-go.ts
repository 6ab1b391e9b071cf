/** Waiting until a virtual machine has let go of a function of VFIO's. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../../function/index.js';
import { OpenslotError, type PciAddress } from '../../pci/index.js';

/** QEMU closes what it has of VFIO a moment after it says that the device is gone. */
const CLOSING_MS = 10_000;
const LOOK_MS = 50;

/**
 * Settles when no process drives the function any more. A monitor that nobody answers at is no proof: a socket can be
 * removed behind a machine that runs. @throws {OpenslotError} `VFIO_BUSY`: somebody does.
 */
export async function letGo(machine: Machine, address: PciAddress): Promise<void> {
  for (const latest = performance.now() + CLOSING_MS; ;) {
    const busy = whyBusy(machine, address);
    if (busy === undefined) return;
    if (performance.now() > latest) throw busy;
    await sleep(LOOK_MS);
  }
}

function whyBusy(machine: Machine, address: PciAddress): OpenslotError | undefined {
  using fn = machine.open(address);
  const [region] = fn.regions;
  if (region === undefined) return undefined;
  try {
    fn.openRegion(region.index).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof OpenslotError)) throw error;
    // Whatever else keeps this process from driving it, the return will meet and tell.
    return error.code === 'VFIO_BUSY' ? error : undefined;
  }
}
