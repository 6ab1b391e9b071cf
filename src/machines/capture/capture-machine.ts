/** The machine `capture:FILE`: one that was saved, and is looked at as if it were there. Nothing of it can be changed. */
import {
  FunctionNotFoundError,
  type Capture,
  type CapturedFunction,
  type FunctionSummary,
  type HostFacts,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { Header, type PciAddress } from '../../pci/index.js';
import { FunctionView } from './function-view.js';
import { readCapture } from './read-file.js';

const HEADER_LAYOUT = 0x7f;
/** Where the ids of the board stand, by header layout (PCI Local Bus 3.0, 6.1; PC Card 8.0, 2.5.1); bridges of type 1 have none. */
const SUBSYSTEM: Readonly<Partial<Record<number, number>>> = { 0: 0x2c, 2: 0x40 };

/**
 * Made by {@link CaptureMachine.read} of a file, or of a {@link Capture} in hand. Reads answer what was saved, writes
 * throw {@link ConfigAccessError}; regions cannot be opened.
 */
export class CaptureMachine implements Machine {
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  readonly saved: Capture;
  /** The first one, where a dump has an address twice. */
  readonly #functions = new Map<number, CapturedFunction>();

  /** `name`: as a user writes the machine. */
  constructor(saved: Capture, name: string) {
    this.name = name;
    this.saved = saved;
    for (const fn of saved.functions)
      if (!this.#functions.has(fn.address.sbdf)) this.#functions.set(fn.address.sbdf, fn);
    this.capabilities = {
      configWrite: false,
      memoryRegions: false,
      ioRegions: false,
      interrupts: false,
      dma: false,
      reset: false,
      iommuGroups: saved.functions.some(({ iommuGroup }) => iommuGroup !== undefined),
      machineFrames: false,
    };
  }

  /**
   * Of a file that `openslot capture` or `lspci -x…` wrote.
   * @throws {CaptureFileError | CaptureMalformedError | CaptureVersionError | DumpMalformedError}
   */
  static async read(file: string): Promise<CaptureMachine> {
    return new CaptureMachine(await readCapture(file), `capture:${file}`);
  }

  list(): readonly FunctionSummary[] {
    return this.saved.functions.map(summaryOf);
  }

  open(address: PciAddress): PciFunction {
    return new FunctionView(this.#find(address), this.name, this.saved.taken);
  }

  hostFacts(address: PciAddress): HostFacts {
    const { modules, numaNode, label, physicalSlot, vpd } = this.#find(address);
    return {
      modules,
      numaNode,
      label,
      physicalSlot,
      readVpd: () => vpd,
    };
  }

  [Symbol.dispose](): void {
    // The file was read as a whole; nothing is open.
  }

  /** @throws {FunctionNotFoundError} */
  #find(address: PciAddress): CapturedFunction {
    const found = this.#functions.get(address.sbdf);
    if (found === undefined) throw new FunctionNotFoundError(address, this.name);
    return found;
  }
}

/** Bytes that were not saved read as all ones, as those of a function that does not answer. */
function summaryOf({
  address,
  config,
  driver,
  iommuGroup,
  regions,
  unreadable,
}: CapturedFunction): FunctionSummary {
  const byte = (offset: number) => config[offset] ?? 0xff;
  const word = (offset: number) => byte(offset) | (byte(offset + 1) << 8);
  const headerType = byte(Header.type) & HEADER_LAYOUT;
  const subsystem = SUBSYSTEM[headerType];
  return {
    address,
    vendor: word(Header.vendor),
    device: word(Header.device),
    subsystemVendor: subsystem === undefined ? undefined : word(subsystem),
    subsystemDevice: subsystem === undefined ? undefined : word(subsystem + 2),
    classCode: word(Header.revision + 2) * 0x100 + byte(Header.revision + 1),
    revision: byte(Header.revision),
    headerType,
    driver,
    iommuGroup,
    unreadable:
      regions === undefined && unreadable.length === 0
        ? [{ what: 'sizes of regions, drivers, reset methods', why: 'a dump has configuration space alone' }]
        : unreadable,
  };
}
