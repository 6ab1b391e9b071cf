/** One function as lspci looks at it: its header's numbers, read once, and what its host says of it. */
import { barCount } from '../../pci/index.js';
import type { CapturedFunction } from '../../function/index.js';
import { CapabilityView, type FunctionContext } from './capability-view.js';
import { baseAddresses, type BaseAddress } from './base-addresses.js';

export class ShownFunction implements FunctionContext {
  readonly captured: CapturedFunction;
  readonly config: Uint8Array;
  readonly verbosity: number;
  readonly vendor: number;
  readonly device: number;
  readonly revision: number;
  readonly programmingInterface: number;
  readonly classCode: number;
  readonly layout: number;
  readonly command: number;
  readonly status: number;
  readonly slot: number;
  readonly function: number;
  /** Configuration space as the words of the header are written from. */
  readonly header: CapabilityView;
  /** Its regions, without the expansion ROM. */
  readonly bars: readonly BaseAddress[];
  readonly hasMemoryBar: boolean;
  readonly vpd: Uint8Array | undefined;

  constructor(captured: CapturedFunction, verbosity: number) {
    const { address, config } = captured;
    this.captured = captured;
    this.config = config;
    this.verbosity = verbosity;
    this.slot = address.device;
    this.function = address.function;
    this.vpd = captured.vpd;
    const header = new CapabilityView(config, 0, this, verbosity, -1);
    this.header = header;
    this.vendor = header.read(0x00, 2);
    this.device = header.read(0x02, 2);
    this.command = header.read(0x04, 2);
    this.status = header.read(0x06, 2);
    this.revision = header.read(0x08, 1);
    this.programmingInterface = header.read(0x09, 1);
    this.classCode = header.read(0x0a, 2);
    this.layout = header.read(0x0e, 1) & 0x7f;
    this.bars = baseAddresses(header, barCount(this.layout), captured.regions);
    this.hasMemoryBar = this.bars.some(({ io, address }) => !io && address !== 0n);
  }

  /** The number that is shown as its interrupt: the host's, else what firmware left in the register. */
  get interrupt(): number {
    const { interruptLine, regions } = this.captured;
    // A capture of registers alone says nothing of the host, so the register speaks.
    return interruptLine ?? (regions === undefined ? this.header.read(0x3c, 1) : 0);
  }
}
