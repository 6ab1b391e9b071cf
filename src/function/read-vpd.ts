/** Vital product data read through its capability, a dword at a time; nothing is ever written to it. */
import { CapabilityId, capabilityOffsets, vpdBytesNeeded, VPD_BYTES, type PciAddress } from '../pci/index.js';
import { VpdUnreadableError } from './errors.js';
import type { ConfigSpace } from './function.js';

/** Registers of the capability (PCI Local Bus 3.0, appendix I). */
const ADDRESS = 2;
const DATA = 4;
/** Written clear, it asks for a dword; the device sets it when the dword is there. */
const DONE = 0x8000;
const ABSENT = 0xffff;
/** A dword takes a device some milliseconds at most; no specification says how long. */
const MILLISECONDS = 125;
/** Asked at once before the clock is looked at: devices of memory answer then. */
const QUICK_POLLS = 8;

/** What data is read through; a function is one. */
interface VpdFunction {
  readonly address: PciAddress;
  readonly config: ConfigSpace;
}

/**
 * The data from address 0 up to its end tag, or as far as it can be told where it ends; undefined where the function has
 * no such capability. The two registers are one window, so whoever else uses it would get and give wrong data: a
 * function that somebody uses (`user`, in words: `driver nvme`) is refused. Waits up to 125 ms for each dword, and asks
 * for 32 KiB at most.
 * @throws {VpdUnreadableError} somebody uses the function, or the device does not answer.
 */
export function readVpd({ address, config }: VpdFunction, user: string | undefined): Uint8Array | undefined {
  const base = capabilityOffsets(config).get(CapabilityId.vpd);
  if (base === undefined || base + DATA + 4 > config.size) return undefined;
  if (user !== undefined)
    throw new VpdUnreadableError(
      address,
      `${user} has the function, and may use the same registers`,
      'it can be read while nobody has the function',
    );
  const bytes = new Uint8Array(VPD_BYTES);
  const view = new DataView(bytes.buffer);
  let read = 0;
  for (let needed = vpdBytesNeeded(bytes.subarray(0, 0)); read < needed;) {
    config.write(base + ADDRESS, 2, read);
    waitFor(config, base + ADDRESS, address, read);
    view.setUint32(read, config.read(base + DATA, 4), true);
    read += 4;
    if (read >= needed) needed = Math.min(vpdBytesNeeded(bytes.subarray(0, read)), VPD_BYTES);
  }
  return bytes.slice(0, Math.min(read, vpdBytesNeeded(bytes.subarray(0, read))));
}

/** @throws {VpdUnreadableError} the device does not say in time that the dword is there. */
function waitFor(config: ConfigSpace, register: number, address: PciAddress, at: number): void {
  let deadline = Infinity;
  for (let polls = 0; ; polls++) {
    const flags = config.read(register, 2);
    if (flags === ABSENT) throw new VpdUnreadableError(address, 'nothing answers at this address any more');
    if ((flags & DONE) !== 0) return;
    if (polls === QUICK_POLLS) deadline = performance.now() + MILLISECONDS;
    if (performance.now() > deadline)
      throw new VpdUnreadableError(
        address,
        `the device did not read its dword at 0x${at.toString(16)} within ${MILLISECONDS} ms`,
      );
  }
}
