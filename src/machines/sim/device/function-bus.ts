/** What a device model stands on: timers that end with a reset, DMA that bus mastering gates, and its interrupts. */
import type { DmaResult, Iova, PhysicalAddress } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import type { VirtualClock } from '../clock.js';
import type { ModelBus, Timer } from '../device-model.js';
import type { FaultSwitches } from './faults.js';
import { isMessageAddress } from '../host/messages.js';
import type { SimHost } from '../host/sim-host.js';
import type { Signals } from './signals.js';

/** The function on its bus. */
export interface Requester {
  readonly address: PciAddress;
  /** It is there and has power: what is not does nothing at all. */
  readonly alive: boolean;
  /** Bus mastering is on here and in every bridge above. */
  readonly mayMaster: boolean;
}

const ADDRESS_LIMIT = 1n << 64n;

export class FunctionBus implements ModelBus {
  readonly #clock: VirtualClock;
  readonly #host: SimHost;
  readonly #signals: Signals;
  readonly #faults: FaultSwitches;
  readonly #requester: Requester;
  readonly #timers = new Set<Timer>();
  readonly #onReadFault: () => void;

  constructor(parts: {
    readonly clock: VirtualClock;
    readonly host: SimHost;
    readonly signals: Signals;
    readonly faults: FaultSwitches;
    readonly requester: Requester;
    /** A read of memory that nobody answered: Status shows it. */
    readonly onReadFault: () => void;
  }) {
    this.#clock = parts.clock;
    this.#host = parts.host;
    this.#signals = parts.signals;
    this.#faults = parts.faults;
    this.#requester = parts.requester;
    this.#onReadFault = parts.onReadFault;
  }

  get now(): number {
    return this.#clock.now;
  }

  get messages(): 'none' | 'msi' | 'msix' {
    return this.#signals.messages;
  }

  after(nanoseconds: number, action: () => void): Timer {
    const timer = this.#clock.after(nanoseconds, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  dmaRead(iova: Iova, into: Uint8Array): DmaResult {
    const at = this.#shifted(iova);
    if (!this.#allowed(at, 'read')) {
      into.fill(0xff);
      return 'fault';
    }
    const result = this.#host.dmaRead(this.#requester.address, at, into);
    if (result === 'fault') this.#onReadFault();
    return result;
  }

  dmaWrite(iova: Iova, from: Uint8Array): DmaResult {
    const at = this.#shifted(iova);
    return this.#allowed(at, 'write') ? this.#host.dmaWrite(this.#requester.address, at, from) : 'fault';
  }

  message(vector: number): void {
    this.#signals.raise(vector);
  }

  setPin(level: boolean): void {
    this.#signals.setPin(level);
  }

  hasFault(name: string): boolean {
    return this.#faults.hasModelFault(name);
  }

  /** A message is a write of 32 bits: to the range of interrupts, or to memory as any other write. */
  send(address: number, data: number): void {
    const iova = BigInt(address) as Iova;
    if (!this.#allowed(iova, 'message')) return;
    if (isMessageAddress(address)) {
      this.#host.message(this.#requester.address, address as PhysicalAddress, data);
      return;
    }
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, data, true);
    this.#host.dmaWrite(this.#requester.address, iova, bytes);
  }

  #shifted(iova: Iova): Iova {
    const offset = this.#faults.dmaOffset;
    return offset === 0
      ? iova
      : (((((iova + BigInt(offset)) % ADDRESS_LIMIT) + ADDRESS_LIMIT) % ADDRESS_LIMIT) as Iova);
  }

  #allowed(iova: Iova, access: 'read' | 'write' | 'message'): boolean {
    if (!this.#requester.alive) return false;
    if (this.#requester.mayMaster) return true;
    this.#host.recordMasterOff(this.#requester.address, iova, access);
    return false;
  }
}
