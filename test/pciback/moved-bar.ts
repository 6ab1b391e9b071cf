/** What Linux does to a memory BAR that it finds another place for: as its pci_std_update_resource writes, and reads back. */
import type { ConfigSpace } from '../../src/function/index.js';
import { CommandBit, Header } from '../../src/pci/index.js';

const TYPE_BITS = 0xf;
const WIDE = 0x4;

/**
 * A guest that removes a function and looks for it again by itself (`remove` and `rescan` in sysfs) does so: its kernel
 * places what its front end has not claimed.
 * @returns what each half of the register read after it was written: Linux says "error updating" where that differs.
 */
export function moveBar(config: ConfigSpace, offset: number, address: bigint): number[] {
  const type = config.read(offset, 4) & TYPE_BITS;
  const halves = [[offset, Number(BigInt.asUintN(32, address)) | type]];
  if ((type & WIDE) !== 0) halves.push([offset + 4, Number(BigInt.asUintN(32, address >> 32n))]);
  const command = config.read(Header.command, 2);
  // Between the halves it would decode at a place that is neither.
  if (halves.length > 1) config.write(Header.command, 2, command & ~CommandBit.memory);
  const read = halves.map(([at = 0, value = 0]) => {
    config.write(at, 4, value >>> 0);
    return config.read(at, 4);
  });
  if (halves.length > 1) config.write(Header.command, 2, command);
  return read;
}
