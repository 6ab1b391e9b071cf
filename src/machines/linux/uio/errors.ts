/** Why a function cannot be driven through UIO. */
import { OpenslotError, type PciAddress } from '../../../pci/index.js';

export class UioUnavailableError extends OpenslotError {
  readonly code: 'UIO_PERMISSION' | 'UIO_UNAVAILABLE';
  constructor(address: PciAddress, path: string, errno: string, options?: ErrorOptions) {
    const forbidden = errno === 'EACCES' || errno === 'EPERM';
    super(
      `UIO does not give ${address}: ${path} cannot be opened (${errno})`,
      { address: String(address), path, errno },
      forbidden ? 'run the command as root' : `openslot claim --for uio ${address}`,
      options,
    );
    this.code = forbidden ? 'UIO_PERMISSION' : 'UIO_UNAVAILABLE';
  }
}
