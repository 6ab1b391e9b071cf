/** Which functions can be handed over at all. */
import type { PciFunction } from '../function/index.js';
import { Header } from '../pci/index.js';
import { NotAssignableError } from './errors.js';

const BRIDGE = 0x06;

/** @throws {NotAssignableError} it is a bridge, or of a header that no device has. */
export function checkAssignable({ address, config }: PciFunction): void {
  const headerType = config.read(Header.type, 1) & 0x7f;
  if (headerType === 1)
    throw new NotAssignableError(address, 'it is a bridge; the functions behind it can be');
  if (headerType !== 0) throw new NotAssignableError(address, `its header is of type ${headerType}`);
  // Host and ISA bridges have an ordinary header, and the host behind them.
  if (config.read(Header.baseClass, 1) === BRIDGE)
    throw new NotAssignableError(address, 'it is a bridge of the host');
}
