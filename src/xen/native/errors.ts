/** Refusals of a real Xen. */
import { OpenslotError } from '../../pci/errors.js';

export { XenCallError } from '../errors.js';

/** This system does not run on Xen. */
export class XenNotFoundError extends OpenslotError {
  readonly code = 'XEN_NOT_FOUND';
  constructor(seen: string) {
    super(
      `this system does not run on Xen (/sys/hypervisor/type: ${seen})`,
      { seen },
      'boot the Xen entry of the boot loader; the functions, without Xen: openslot list --on linux',
    );
  }
}

/** A guest domain cannot hand the host's functions over. */
export class NotControlDomainError extends OpenslotError {
  readonly code = 'XEN_NOT_CONTROL_DOMAIN';
  constructor(why: string) {
    super(`this is not Xen's control domain: ${why}`, { why }, 'run the command in domain 0');
  }
}

/** The store does not say which domain this is. */
export class DomainUnknownError extends OpenslotError {
  readonly code = 'XEN_DOMAIN_UNKNOWN';
  constructor() {
    super(
      'XenStore names no domain id for this domain (key domid)',
      { path: 'domid' },
      'xenstore-read domid; in domain 0, run xen-init-dom0 first',
    );
  }
}

/** A device file of Xen cannot be opened. */
export class XenPermissionError extends OpenslotError {
  readonly code: 'XEN_PERMISSION' | 'XEN_DEVICE_MISSING';
  constructor(path: string, errno: string, module: string, options?: ErrorOptions) {
    const missing = errno === 'ENOENT' || errno === 'ENXIO' || errno === 'ENODEV';
    super(
      missing
        ? `${path} is not there: the kernel module ${module} is not loaded`
        : `${path} cannot be opened: ${errno}`,
      { path, errno, module },
      missing ? `modprobe ${module}` : 'run the command as root',
      options,
    );
    this.code = missing ? 'XEN_DEVICE_MISSING' : 'XEN_PERMISSION';
  }
}

/** libxenctrl has no stable interface, and this version's is not known to openslot. */
export class XenUnsupportedError extends OpenslotError {
  readonly code = 'XEN_UNSUPPORTED';
  constructor(version: string, why: string, known: readonly string[], options?: ErrorOptions) {
    super(
      `Xen ${version} is not supported for giving functions to guests: ${why}`,
      { version, why, known },
      `use one of the versions ${known.join(', ')}, or let xl set the permissions (pci=[...] in the guest's configuration)`,
      options,
    );
  }
}
