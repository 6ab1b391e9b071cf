/** The function that a test gave to a guest, ready to be driven. */
import { changeCommand, type PciFunction } from 'openslot/function';
import type { Guest } from 'openslot/guest';
import { CommandBit } from 'openslot/pci';

/** Waits for the bus, and opens its first function with decoding and bus mastering on. */
export async function firstFunction(xpci: Guest['xpci']): Promise<PciFunction> {
  await xpci.connected();
  const [found] = xpci.list();
  if (found === undefined) throw new Error('the bus is empty');
  const fn = xpci.open(found.address);
  fn.setEnabled(true);
  changeCommand(fn.config, CommandBit.busMaster);
  return fn;
}
