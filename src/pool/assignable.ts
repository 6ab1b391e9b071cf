/** Which functions can be handed over at all. */
import type { PciFunction } from '../function/index.js';
import { Header, type PciAddress } from '../pci/index.js';
import { NotAssignableError } from './errors.js';

const BRIDGE = 0x06;

/** @throws {NotAssignableError} it is a bridge, or of a header that no device has. */
export function checkAssignable({ address, config }: PciFunction): void {
  checkAssignableKind(address, config.read(Header.type, 1) & 0x7f, config.read(Header.baseClass, 1));
}

/** The same by what is known of it already. @throws {NotAssignableError} */
export function checkAssignableKind(address: PciAddress, headerType: number, baseClass: number): void {
  if (headerType === 1)
    throw new NotAssignableError(address, 'it is a bridge; the functions behind it can be');
  if (headerType !== 0) throw new NotAssignableError(address, `its header is of type ${headerType}`);
  // Host and ISA bridges have an ordinary header, and the host behind them.
  if (baseClass === BRIDGE) throw new NotAssignableError(address, 'it is a bridge of the host');
}
