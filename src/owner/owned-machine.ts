/** A machine as a client of its owner reaches it: registers and configuration space, each access one request. */
import {
  checkConfigAccess,
  CheckedRegion,
  FunctionClosedError,
  FunctionNotFoundError,
  RegionAccessError,
  regionFromWire,
  ResetError,
  setDecoding,
  type ConfigSpace,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
  type Region,
  type RegionInfo,
  type RegionWidth,
  type ResetMethod,
} from '../function/index.js';
import { notations, REGISTER_SPACES, type PciAddress, type RegisterSpace } from '../pci/index.js';
import type { RequestParameters } from './request-schemas.js';
import { SynchronousClient } from './synchronous-client.js';

type Operation = RequestParameters<'registers'>['operations'][number];

/** What is asked of the owner about one function. */
type Ask = (operation: Operation) => bigint;

/** Interrupts and DMA memory are the owner's process's: functions have none here. */
export class OwnedMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities = {
    configWrite: true,
    memoryRegions: true,
    ioRegions: true,
    interrupts: false,
    dma: false,
    reset: false,
    iommuGroups: true,
    machineFrames: false,
  };
  readonly #client: SynchronousClient;
  readonly #evenIfUsed: boolean;

  /** `evenIfUsed`: functions that a driver or a guest drives are changed, too. */
  constructor(name: string, socket: string, evenIfUsed: boolean) {
    this.name = name;
    this.#client = new SynchronousClient(socket);
    this.#evenIfUsed = evenIfUsed;
  }

  /** @throws {OwnerUnreachableError} */
  list(): readonly FunctionSummary[] {
    return this.#client
      .ask('functions', {})
      .map(({ address, subsystemVendor, subsystemDevice, driver, iommuGroup, ...facts }) => ({
        ...facts,
        address: notations.hex.parse(address),
        subsystemVendor,
        subsystemDevice,
        driver,
        iommuGroup,
      }));
  }

  /** @throws {FunctionNotFoundError | OwnerUnreachableError} */
  open(address: PciAddress): PciFunction {
    if (!this.list().some((each) => each.address.equals(address)))
      throw new FunctionNotFoundError(address, this.name);
    const { regions, interruptLine, config } = this.#client.ask('inspect', { address: String(address) });
    const ask: Ask = (operation) => {
      const [found] = this.#client.ask('registers', {
        address: String(address),
        operations: [operation],
        evenIfUsed: this.#evenIfUsed,
        // Switched by the program, which sees in Command what it has done.
        enable: false,
      });
      return BigInt(found ?? 0);
    };
    return new OwnedFunction({
      address,
      ask,
      regions: regions.map(regionFromWire),
      interruptLine,
      configSize: Buffer.from(config, 'base64').length,
    });
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

interface OwnedFacts {
  readonly address: PciAddress;
  readonly ask: Ask;
  readonly regions: readonly RegionInfo[];
  readonly interruptLine: number | undefined;
  readonly configSize: number;
}

class OwnedFunction implements PciFunction {
  readonly address: PciAddress;
  readonly config: ConfigSpace;
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[] = [];
  readonly interruptLine: number | undefined;
  readonly #ask: Ask;
  readonly #opened = new Set<Region>();
  #open = true;

  constructor({ address, ask, regions, interruptLine, configSize }: OwnedFacts) {
    this.address = address;
    this.regions = regions;
    this.interruptLine = interruptLine;
    this.#ask = ask;
    this.config = {
      size: configSize,
      read: (offset, width) => {
        this.#checkOpen();
        checkConfigAccess('read', offset, width, configSize);
        return Number(ask({ kind: 'read', space: 'config', offset, width }));
      },
      write: (offset, width, value) => {
        this.#checkOpen();
        checkConfigAccess('write', offset, width, configSize);
        ask({ kind: 'write', space: 'config', offset, width, value: `0x${value.toString(16)}` });
      },
    };
  }

  openRegion(index: number): Region {
    this.#checkOpen();
    const info = this.regions.find((region) => region.index === index);
    const space = REGISTER_SPACES.find((each) => each === `bar${index}`);
    if (info === undefined || space === undefined)
      throw new RegionAccessError(
        'REGION_ABSENT',
        `region ${index} of ${this.address}`,
        'there is no such region',
      );
    const region = new OwnedRegion(info, this.address, space, this.#ask);
    this.#opened.add(region);
    return region;
  }

  setEnabled(enabled: boolean): void {
    setDecoding(this.config, this.regions, enabled);
  }

  reset(): Promise<ResetMethod> {
    const why = 'its owner resets it when it comes back into the pool';
    return Promise.reject(new ResetError('RESET_UNAVAILABLE', this.address, why));
  }

  close(): void {
    this.#open = false;
    for (const region of this.#opened) region.close();
    this.#opened.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (!this.#open) throw new FunctionClosedError(this.address);
  }
}

class OwnedRegion extends CheckedRegion {
  readonly #space: RegisterSpace;
  readonly #ask: Ask;

  constructor(info: RegionInfo, address: PciAddress, space: RegisterSpace, ask: Ask) {
    super(info, String(address));
    this.#space = space;
    this.#ask = ask;
  }

  protected makeRead(offset: number, width: RegionWidth): bigint {
    return this.#ask({ kind: 'read', space: this.#space, offset, width });
  }

  protected makeWrite(offset: number, width: RegionWidth, value: number | bigint): void {
    this.#ask({ kind: 'write', space: this.#space, offset, width, value: `0x${value.toString(16)}` });
  }

  protected closed(): void {
    // Nothing of it is open at the owner between two accesses.
  }
}
