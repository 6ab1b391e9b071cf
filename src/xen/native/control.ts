/** Domctls through libxenctrl, whose interface changes with each Xen: only versions whose signatures are known. */
import { lastErrno, loadLibrary, type NativeFunction } from '../../os/index.js';
import type { PciAddress } from '../../pci/address.js';
import { DOMID_IO, type DomainId } from '../domain.js';
import type { GuestPermissions, MachineFrame, Pirq } from '../platform.js';
import { DOMAIN_INFO_BYTES, domainInfo, type DomainInfo } from './domain-info.js';
import { XenCallError, XenUnsupportedError } from './errors.js';

/** C declarations by Xen version (tools/include/xenctrl.h of that release). */
const DECLARATIONS: Readonly<Record<string, Readonly<Record<keyof Calls, string>>>> = {
  '4.17': {
    open: 'void *xc_interface_open(void *logger, void *domain_build_logger, unsigned int flags)',
    close: 'int xc_interface_close(void *xch)',
    memory:
      'int xc_domain_iomem_permission(void *xch, uint32_t domid, unsigned long first_mfn, unsigned long nr_mfns, uint8_t allow)',
    ports:
      'int xc_domain_ioport_permission(void *xch, uint32_t domid, uint32_t first_port, uint32_t nr_ports, uint32_t allow)',
    interrupt: 'int xc_domain_irq_permission(void *xch, uint32_t domid, uint32_t pirq, bool allow)',
    assign: 'int xc_assign_device(void *xch, uint32_t domid, uint32_t machine_sbdf, uint32_t flag)',
    deassign: 'int xc_deassign_device(void *xch, uint32_t domid, uint32_t machine_sbdf)',
    testAssign: 'int xc_test_assign_device(void *xch, uint32_t domid, uint32_t machine_sbdf)',
    info: 'int xc_domain_getinfolist(void *xch, uint32_t first_domain, unsigned int max_domains, void *info)',
  },
};

/** `major.minor`. */
export const KNOWN_VERSIONS: readonly string[] = Object.keys(DECLARATIONS);

const NOT_ASSIGNED: ReadonlySet<string> = new Set(['ENODEV', 'ESRCH', 'EINVAL']);

interface Calls {
  readonly open: NativeFunction;
  readonly close: NativeFunction;
  readonly memory: NativeFunction;
  readonly ports: NativeFunction;
  readonly interrupt: NativeFunction;
  readonly assign: NativeFunction;
  readonly deassign: NativeFunction;
  readonly testAssign: NativeFunction;
  readonly info: NativeFunction;
}

/** DOMID_INVALID (xen/include/public/xen.h): a question about no domain, but about the host. */
const NO_DOMAIN = 0x7ff4;
/** The first function of all; whether it can be assigned does not matter. */
const ANY_FUNCTION = 0;

/** The hypervisor's control interface, opened at the first call that needs it. */
export class Control implements GuestPermissions, Disposable {
  readonly #version: string;
  #hasIommu: boolean | undefined;
  #opened: { readonly calls: Calls; readonly handle: unknown } | undefined;

  /** `version` is the running Xen's, `major.minor`. Nothing is loaded yet. */
  constructor(version: string) {
    this.#version = version;
  }

  memory(guest: DomainId, first: MachineFrame, frames: number, allow: boolean): void {
    this.#do(
      'memory',
      `${allow ? 'allowing' : 'denying'} memory`,
      { guest, first, frames },
      guest,
      first,
      frames,
      allow ? 1 : 0,
    );
  }

  ports(guest: DomainId, first: number, count: number, allow: boolean): void {
    this.#do(
      'ports',
      `${allow ? 'allowing' : 'denying'} I/O ports`,
      { guest, first, count },
      guest,
      first,
      count,
      allow ? 1 : 0,
    );
  }

  interrupt(guest: DomainId, pirq: Pirq, allow: boolean): void {
    this.#do(
      'interrupt',
      `${allow ? 'allowing' : 'denying'} an interrupt`,
      { guest, pirq },
      guest,
      pirq,
      allow,
    );
  }

  assign(guest: DomainId, address: PciAddress): void {
    this.#do('assign', 'assigning the function', { guest, address: String(address) }, guest, address.sbdf, 0);
  }

  deassign(guest: DomainId, address: PciAddress): void {
    this.#do(
      'deassign',
      'taking the function back',
      { guest, address: String(address) },
      guest,
      address.sbdf,
    );
  }

  quarantine(address: PciAddress): void {
    this.assign(DOMID_IO, address);
  }

  unquarantine(address: PciAddress): boolean {
    try {
      this.deassign(DOMID_IO, address);
      return true;
    } catch (error) {
      // Not dom_io's: claimed before Xen knew of it, or by hand.
      if (error instanceof XenCallError && NOT_ASSIGNED.has(error.errno)) return false;
      throw error;
    }
  }

  /** Asked once: an IOMMU neither comes nor goes. @throws {XenCallError} */
  hasIommu(): boolean {
    return (this.#hasIommu ??= this.#askForIommu());
  }

  #askForIommu(): boolean {
    try {
      this.#do('testAssign', 'asking for an IOMMU', {}, NO_DOMAIN, ANY_FUNCTION);
    } catch (error) {
      if (!(error instanceof XenCallError)) throw error;
      // Whatever else it says of the function, it has asked the IOMMU (iommu_do_domctl of Xen 4.17).
      if (error.errno === 'EOPNOTSUPP' || error.errno === 'ENOSYS') return false;
      if (error.errno === 'EPERM' || error.errno === 'EACCES') throw error;
    }
    return true;
  }

  /** @throws {XenCallError} ESRCH: there is no such domain. */
  info(guest: DomainId): DomainInfo {
    const bytes = new Uint8Array(DOMAIN_INFO_BYTES);
    this.#do('info', 'telling of a domain', { guest }, guest, 1, bytes);
    const info = domainInfo(bytes);
    // The first domain from that id on: another one when it is gone.
    if (info.domain !== guest) throw new XenCallError('telling of a domain', 'ESRCH', { guest });
    return info;
  }

  #open(): { readonly calls: Calls; readonly handle: unknown } {
    if (this.#opened !== undefined) return this.#opened;
    const known = KNOWN_VERSIONS;
    const declarations = DECLARATIONS[this.#version];
    if (declarations === undefined) {
      throw new XenUnsupportedError(this.#version, "its libxenctrl's interface is not known", known);
    }
    let calls: Calls;
    try {
      const library = loadLibrary(`libxenctrl.so.${this.#version}`);
      calls = {
        open: library.bind(declarations.open),
        close: library.bind(declarations.close),
        memory: library.bind(declarations.memory),
        ports: library.bind(declarations.ports),
        interrupt: library.bind(declarations.interrupt),
        assign: library.bind(declarations.assign),
        deassign: library.bind(declarations.deassign),
        testAssign: library.bind(declarations.testAssign),
        info: library.bind(declarations.info),
      };
    } catch (cause) {
      throw new XenUnsupportedError(this.#version, `libxenctrl.so.${this.#version} cannot be used`, known, {
        cause,
      });
    }
    const handle = calls.open(null, null, 0);
    if (handle === null)
      throw new XenCallError('opening the control interface', lastErrno(), {}, 'run as root');
    this.#opened = { calls, handle };
    return this.#opened;
  }

  #do(call: keyof Calls, what: string, evidence: Record<string, string | number>, ...args: unknown[]): void {
    const { calls, handle } = this.#open();
    const result = calls[call](handle, ...args);
    if (typeof result !== 'number' || result < 0) throw new XenCallError(what, lastErrno(), evidence);
  }

  [Symbol.dispose](): void {
    if (this.#opened !== undefined) this.#opened.calls.close(this.#opened.handle);
    this.#opened = undefined;
  }
}
