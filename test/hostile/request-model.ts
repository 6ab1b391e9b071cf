/** What the back end must answer, by a model of its own: the protocol and the facts of Linux's xen-pciback, no code of ours. */
import type { MappedPirq } from '../xen/observed-platform.js';
import { capabilities, type ReadHardware } from './allowed-writes.js';
import { WORD } from '../pciback/shared-page-guest.js';

export const ERROR = {
  success: 0,
  notFound: -1,
  invalidOffset: -2,
  accessDenied: -3,
  notImplemented: -4,
  failed: -5,
} as const;
export const COMMAND = {
  read: 0,
  write: 1,
  enableMsi: 2,
  disableMsi: 3,
  enableMsix: 4,
  disableMsix: 5,
} as const;

const MAX_VECTORS = 128;

/** One function that the guest has, as the model knows it. */
export class ModelFunction {
  readonly devfn: number;
  readonly read: ReadHardware;
  readonly size: number;
  readonly msi: boolean;
  /** Entries of the vector table, 0 without one. */
  readonly vectors: number;
  readonly vpd: number | undefined;
  readonly identity: number;
  mode: 'off' | 'msi' | 'msix' = 'off';

  constructor(devfn: number, size: number, read: ReadHardware) {
    this.devfn = devfn;
    this.size = size;
    this.read = read;
    const at = capabilities(read);
    const msix = at.get(0x11);
    this.msi = at.has(0x05);
    this.vectors = msix === undefined ? 0 : (read(msix + 2, 2) & 0x7ff) + 1;
    this.vpd = at.get(0x03);
    this.identity = read(0, 4);
  }
}

/** A request as it was copied: words of the page, the entries of an enable_msix among them. */
export type Request = Readonly<Record<Exclude<keyof typeof WORD, 'flags' | 'error' | 'entries'>, number>> & {
  readonly entries: readonly number[];
};

export class RequestModel {
  readonly #functions: ReadonlyMap<number, ModelFunction>;

  constructor(functions: readonly ModelFunction[]) {
    this.#functions = new Map(functions.map((fn) => [fn.devfn, fn]));
  }

  /** The function at which a request aims, undefined where the guest has none. */
  target({ domain, bus, devfn }: Request): ModelFunction | undefined {
    return domain === 0 && bus === 0 ? this.#functions.get(devfn) : undefined;
  }

  /** The error that answers it; the function's interrupts are in the state after it from then on. */
  answer(request: Request): number {
    const fn = this.target(request);
    if (fn === undefined) return ERROR.notFound;
    switch (request.command) {
      case COMMAND.read:
        return isAccess(request) ? ERROR.success : ERROR.invalidOffset;
      case COMMAND.write:
        if (!isAccess(request)) return ERROR.invalidOffset;
        return writesVpd(fn, request) ? ERROR.accessDenied : ERROR.success;
      case COMMAND.enableMsi:
        if (!fn.msi || fn.mode !== 'off') return ERROR.failed;
        fn.mode = 'msi';
        return ERROR.success;
      case COMMAND.enableMsix:
        if (!takesVectors(fn, request)) return ERROR.failed;
        fn.mode = 'msix';
        return ERROR.success;
      case COMMAND.disableMsi:
      case COMMAND.disableMsix:
        fn.mode = 'off';
        return ERROR.success;
      default:
        return ERROR.notImplemented;
    }
  }

  /** What is wrong with the value that came with error 0; `pirqs` are those that the guest has now. */
  wrongValue(request: Request, words: Int32Array, pirqs: readonly MappedPirq[]): string | undefined {
    const value = (words[WORD.value] ?? 0) >>> 0;
    const has = (pirq: number) => pirqs.some((mapped) => mapped.pirq === pirq);
    switch (request.command) {
      case COMMAND.read: {
        const fn = this.target(request);
        if (request.size < 4 && value >= 2 ** (8 * request.size)) return 'a value wider than its access';
        if (request.offset === 0 && request.size === 4 && value !== fn?.identity)
          return 'the identity of another function';
        return undefined;
      }
      case COMMAND.enableMsi:
        return has(value) ? undefined : 'a pirq that the guest does not have';
      case COMMAND.enableMsix: {
        const given = request.entries.map((_, index) => (words[WORD.entries + index] ?? 0) & 0xffff);
        if (value !== 0) return 'a value beside vectors';
        return given.every(has) ? undefined : 'a vector that the guest does not have';
      }
      default:
        return undefined;
    }
  }
}

function isAccess({ offset, size }: Request): boolean {
  return [1, 2, 4].includes(size) && offset >= 0 && offset % size === 0 && offset + size <= 4096;
}

/** The flag of the address register's upper byte, written as 1, would begin a write. */
function writesVpd({ vpd }: ModelFunction, { offset, size, value }: Request): boolean {
  if (vpd === undefined) return false;
  const byte = vpd + 3 - offset;
  return byte >= 0 && byte < size && ((value >>> (8 * byte)) & 0x80) !== 0;
}

function takesVectors(fn: ModelFunction, { value, entries }: Request): boolean {
  if (fn.mode !== 'off' || value < 1 || value > Math.min(fn.vectors, MAX_VECTORS)) return false;
  const wanted = entries.slice(0, value);
  if (new Set(wanted).size !== value || wanted.some((entry) => entry >= fn.vectors)) return false;
  return (fn.read(0x04, 2) & 0x0002) !== 0;
}
