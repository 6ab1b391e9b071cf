/** Refusals that every platform of Xen can give. */
import { OpenslotError, type Evidence } from '../pci/errors.js';

/** A hypercall or a device file of Xen refused a request. */
export class XenCallError extends OpenslotError {
  readonly code = 'XEN_CALL_FAILED';
  readonly errno: string;
  constructor(call: string, errno: string, evidence: Evidence, next = '', options?: ErrorOptions) {
    super(`Xen refused ${call}: ${errno}`, { call, errno, ...evidence }, next, options);
    this.errno = errno;
  }
}
