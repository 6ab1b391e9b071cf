/** Register accesses of a command: checked as a whole, refused where somebody drives the function, then made one by one. */
import {
  checkConfigAccess,
  checkRegionAccess,
  decodeBits,
  RegionAccessError,
  restoreDecoding,
  type Machine,
  type PciFunction,
  type RegisterAccess,
} from '../function/index.js';
import {
  CommandBit,
  Header,
  OpenslotError,
  regionIndex,
  type PciAddress,
  type RegisterSpace,
} from '../pci/index.js';
import { BarAbsentError, configRegisters, FunctionDrivenError, wayToFree } from '../proto/program/index.js';

/** Where and how wide. */
interface RegisterPlace {
  readonly space: RegisterSpace;
  readonly offset: number;
  readonly width: 1 | 2 | 4 | 8;
}

/** One access, or for `update` a read and a write with nothing between them. */
export type RegisterOperation = RegisterPlace &
  (
    | {
        readonly kind: 'read';
        /** The read changes the register. */
        readonly clears?: boolean | undefined;
      }
    | { readonly kind: 'write'; readonly value: bigint }
    /** Writes `value`, and what the read found in the bits of `keep`. */
    | { readonly kind: 'update'; readonly keep: bigint; readonly value: bigint }
  );

export interface RegisterAccessOptions {
  /** Also where a driver or a guest drives the function. */
  readonly evenIfUsed: boolean;
  /** Decoding that is off is switched on for the accesses. */
  readonly enable: boolean;
  /** Accesses may be loads and stores, which end the process when the device vanishes; false for who serves others. */
  readonly mayMap?: boolean;
}

/** The function does not decode: its regions read all ones and swallow writes. */
export class DecodingOffError extends OpenslotError {
  readonly code = 'DECODING_OFF';
  constructor(address: PciAddress, kind: 'memory' | 'I/O') {
    super(
      `${address} does not decode its ${kind} regions: every register of them would read all ones`,
      { address: String(address), kind },
      'add --enable: decoding is switched on for the access, and off again',
    );
  }
}

/**
 * Makes the accesses in their order. All are checked before the first is made.
 * @returns what each read found, and what each update found before it wrote; undefined for writes.
 * @throws {FunctionNotFoundError | FunctionDrivenError | DecodingOffError | RegionAccessError | ConfigAccessError | BarAbsentError}
 */
export function accessRegisters(
  machine: Machine,
  user: string | undefined,
  address: PciAddress,
  operations: readonly RegisterOperation[],
  { evenIfUsed, enable, mayMap = true }: RegisterAccessOptions,
): (bigint | undefined)[] {
  const changes = operations.some((each) => each.kind !== 'read' || each.clears === true);
  if (changes && user !== undefined && !evenIfUsed) {
    const next = `${wayToFree(address, user)}; change it beside its user: --even-if-used`;
    throw new FunctionDrivenError(address, user, next);
  }
  using fn = machine.open(address);
  for (const each of operations) checkPlace(fn, each);
  using _decoding = decodingFor(fn, operations, enable);
  const spaces = new Map<RegisterSpace, RegisterAccess>();
  const accessTo = (space: RegisterSpace) => {
    const access = spaces.get(space) ?? openSpace(fn, space, mayMap);
    spaces.set(space, access);
    return access;
  };
  // One that is refused is refused before the first access, too.
  for (const { space } of operations) accessTo(space);
  return operations.map((each) => perform(accessTo(each.space), each));
}

function checkPlace(fn: PciFunction, { space, offset, width, kind }: RegisterOperation): void {
  const index = regionIndex(space);
  if (index === undefined) {
    checkConfigAccess(kind === 'read' ? 'read' : 'write', offset, width as 4, fn.config.size);
    return;
  }
  const info = fn.regions.find((region) => region.index === index);
  if (info === undefined) {
    const present = fn.regions.filter((region) => region.index < 6).map((region) => `BAR ${region.index}`);
    throw new BarAbsentError(fn.address, index, present);
  }
  const name = `BAR ${index} of ${fn.address}`;
  checkRegionAccess(name, info.size, offset, width);
  if (width === 8 && info.kind === 'io')
    throw new RegionAccessError('REGION_REFUSED', name, 'ports have no 64-bit access');
}

/** Ends with the decoding as it was. @throws {DecodingOffError} */
function decodingFor(fn: PciFunction, operations: readonly RegisterOperation[], enable: boolean): Disposable {
  const indices = new Set(operations.map(({ space }) => regionIndex(space)));
  const needed = decodeBits(fn.regions.filter(({ index }) => indices.has(index)));
  const nothing = { [Symbol.dispose]: () => undefined };
  // An access to configuration space alone is the only one that is made.
  if (needed === 0) return nothing;
  const command = fn.config.read(Header.command, 2);
  const off = needed & ~command;
  if (off === 0) return nothing;
  if (!enable) throw new DecodingOffError(fn.address, (off & CommandBit.memory) !== 0 ? 'memory' : 'I/O');
  fn.setEnabled(true);
  return {
    [Symbol.dispose]: () => {
      restoreDecoding(fn, command);
    },
  };
}

/** Closed with the function. @throws {RegionAccessError} */
function openSpace(fn: PciFunction, space: RegisterSpace, mayMap: boolean): RegisterAccess {
  const index = regionIndex(space);
  if (index === undefined) return configRegisters(fn.config);
  const region = fn.openRegion(index);
  if (region.mapped !== true || mayMap) return region;
  throw new RegionAccessError(
    'REGION_REFUSED',
    `BAR ${index} of ${fn.address}`,
    'only a mapping reaches it, which would end the owner with the device',
    `have it mapped in a process of its own: openslot get ${fn.address} --on linux`,
  );
}

function perform(access: RegisterAccess, operation: RegisterOperation): bigint | undefined {
  if (operation.kind === 'write') {
    write(access, operation, operation.value);
    return undefined;
  }
  const found = read(access, operation);
  if (operation.kind === 'update') write(access, operation, (found & operation.keep) | operation.value);
  return found;
}

function read(access: RegisterAccess, { offset, width }: RegisterPlace): bigint {
  switch (width) {
    case 1:
      return BigInt(access.read8(offset));
    case 2:
      return BigInt(access.read16(offset));
    case 4:
      return BigInt(access.read32(offset));
    case 8:
      return access.read64(offset);
  }
}

function write(access: RegisterAccess, { offset, width }: RegisterPlace, value: bigint): void {
  switch (width) {
    case 1:
      access.write8(offset, Number(value));
      break;
    case 2:
      access.write16(offset, Number(value));
      break;
    case 4:
      access.write32(offset, Number(value));
      break;
    case 8:
      access.write64(offset, value);
      break;
  }
}
