/** The simulated machine as its devices see it, and as whoever runs it does. */
import {
  DmaPlacement,
  type DmaResult,
  type ErrorSeverity,
  type Host,
  type HostControl,
  type IommuContext,
  type IommuFault,
  type Iova,
  type MessageTarget,
  type PhysicalAddress,
  type RegisterAccess,
} from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { BusRange } from '../bus/bus-range.js';
import type { VirtualClock } from '../clock.js';
import { Iommu } from './iommu.js';
import { InterruptLines } from './lines.js';
import { PhysicalMemory, type OwnedRange, type SharedRange } from './memory.js';
import { RootErrors } from './root-errors.js';
import { isMessageAddress, MessageTable } from './messages.js';
import type { PageTable } from './page-table.js';
import type { RootComplex } from '../bus/root-complex.js';

export class SimHost implements Host, HostControl {
  readonly iommu: Iommu;
  readonly lines: InterruptLines;
  readonly messages: MessageTable;
  readonly errors: RootErrors;
  readonly #memory: PhysicalMemory;
  readonly #root: RootComplex;
  readonly #clock: VirtualClock;
  /** Lines that pins hold, by requester and pin. */
  readonly #held = new Map<number, number>();

  constructor(parts: {
    readonly root: RootComplex;
    readonly clock: VirtualClock;
    /** Bytes of memory. */
    readonly memory: number;
    /** Interrupt lines. */
    readonly lines: number;
    /** False: there is no IOMMU. */
    readonly iommu: boolean;
  }) {
    this.#root = parts.root;
    this.#clock = parts.clock;
    this.#memory = new PhysicalMemory(parts.memory, (base, bytes) => {
      this.iommu.forget(base, bytes);
    });
    this.iommu = new Iommu({
      memory: this.#memory,
      translates: parts.iommu,
      requesterId: (requester) => parts.root.requesterId(requester),
    });
    this.errors = new RootErrors(parts.root);
    this.lines = new InterruptLines(parts.lines);
    this.messages = new MessageTable((fault) => {
      this.iommu.record(fault);
    });
  }

  get translates(): boolean {
    return this.iommu.translates;
  }

  dmaRead(requester: PciAddress, iova: Iova, into: Uint8Array): DmaResult {
    return this.iommu.read(requester, iova, into);
  }

  dmaWrite(requester: PciAddress, iova: Iova, from: Uint8Array): DmaResult {
    if (isMessageAddress(Number(iova))) {
      // A write of another size than a message's reaches nothing there.
      if (from.length === 4) this.message(requester, Number(iova) as PhysicalAddress, wordOf(from));
      else this.#recordFault(requester, iova, 'message', 'not_allowed');
      return from.length === 4 ? 'done' : 'fault';
    }
    return this.iommu.write(requester, iova, from);
  }

  message(requester: PciAddress, address: PhysicalAddress, data: number): void {
    this.messages.deliver(requester, address, data);
  }

  setPin(requester: PciAddress, pin: 1 | 2 | 3 | 4, level: boolean): void {
    const key = requester.sbdf * 4 + pin - 1;
    const held = this.#held.get(key);
    if (held === undefined) {
      if (!level) return;
      const line = this.lineOf(requester, pin);
      if (line === undefined) return;
      this.#held.set(key, line);
      this.lines.hold(line, true);
    } else if (!level) {
      this.#held.delete(key);
      this.lines.hold(held, false);
    }
  }

  reportError(requester: PciAddress, severity: ErrorSeverity): void {
    this.errors.deliver(requester, severity);
  }

  /** The line of a function's pin; undefined for a function that configuration cycles do not reach. */
  lineOf(requester: PciAddress, pin: number): number | undefined {
    const fn = this.#root.find(requester);
    if (fn === undefined) return undefined;
    let device = requester.device;
    let routed = pin;
    // Each bridge turns the pins of a device by its device number (PCI-to-PCI Bridge Architecture 1.2, 9.1).
    for (let bridge = fn.bus.parent; bridge !== undefined; bridge = bridge.bus.parent) {
      routed = ((routed - 1 + device) % 4) + 1;
      device = bridge.devfn >> 3;
    }
    return this.lines.lineOf(device, routed);
  }

  allocateMemory(bytes: number, placement = new DmaPlacement(bytes)): SharedRange {
    return this.#memory.allocate(placement);
  }

  /** Memory of this machine that is kept elsewhere: {@link PhysicalMemory.adopt}. */
  adoptMemory(placement: DmaPlacement, memoryAt: (base: number, bytes: number) => Uint8Array): OwnedRange {
    return this.#memory.adopt(placement, memoryAt);
  }

  openRange(kind: 'memory' | 'io', base: PhysicalAddress, bytes: number): RegisterAccess {
    // An access that is aligned in the range must be aligned on the bus.
    if (base % (kind === 'io' ? 4 : 8) !== 0) throw new RangeError(`0x${base.toString(16)} is not aligned`);
    const map = kind === 'io' ? this.#root.io : this.#root.memory;
    return new BusRange(
      { kind, base, size: bytes, name: `${kind} at 0x${base.toString(16)}` },
      map,
      this.#root.routing,
      this.#clock,
    );
  }

  createContext(name: string): PageTable {
    return this.iommu.createContext(name);
  }

  assignContext(requester: PciAddress, context: IommuContext | 'program' | undefined): void {
    this.iommu.assign(requester, context);
  }

  onFault(listener: (fault: IommuFault) => void): Disposable {
    return this.iommu.onFault(listener);
  }

  allocateMessage(requester: PciAddress, onMessage: () => void): MessageTarget {
    return this.messages.allocate(requester, 1, onMessage);
  }

  watchLine(line: number, onLevel: (level: boolean) => void): Disposable {
    return this.lines.watch(line, onLevel);
  }

  lineLevel(line: number): boolean {
    return this.lines.level(line);
  }

  /** A function tried to reach memory, or to interrupt, while its or a bridge's bus mastering was off. */
  recordMasterOff(requester: PciAddress, iova: Iova, access: IommuFault['access']): void {
    this.#recordFault(requester, iova, access, 'bus_master_off');
  }

  #recordFault(
    requester: PciAddress,
    iova: Iova,
    access: IommuFault['access'],
    why: IommuFault['why'],
  ): void {
    const context = access === 'message' ? undefined : this.iommu.contextOf(requester)?.name;
    this.iommu.record({ requester, iova, access, why, context });
  }
}

function wordOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}
