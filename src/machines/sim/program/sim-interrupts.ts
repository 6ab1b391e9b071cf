/** The interrupt sources of a simulated function, programmed as an operating system does it for its program. */
import type {
  InterruptCounter,
  Interrupts,
  InterruptSource,
  InterruptSwitch,
  MessageTarget,
} from '../../../function/index.js';
import { CapabilityId, CommandBit, Header, MsiControl, MsixControl } from '../../../pci/index.js';
import type { VirtualClock } from '../clock.js';
import type { Endpoint } from '../device/endpoint.js';
import type { SimHost } from '../host/sim-host.js';
import { SimCounter } from './sim-counter.js';

const HIGH = 0x1_0000_0000;

/** The messages of one kind, programmed into the function as an operating system does it. */
interface Programmed {
  readonly kind: 'msi' | 'msix';
  /** By vector; all vectors of MSI have one block, under 0. */
  readonly targets: Map<number, MessageTarget>;
}

/** The sources of one simulated function: it has one pin, and one of each capability. */
export class SimInterrupts implements InterruptSwitch {
  readonly #endpoint: Endpoint;
  readonly #host: SimHost;
  readonly #clock: VirtualClock;
  /** By vector, of what is on. */
  readonly #counters = new Map<number, SimCounter>();
  #programmed: Programmed | undefined;
  #pinWatch: Disposable | undefined;
  /** The pin was told of, and is told of again only after the next one was asked for. */
  #masked = false;

  constructor(endpoint: Endpoint, host: SimHost, clock: VirtualClock) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#clock = clock;
  }

  get available(): Interrupts['available'] {
    const { shape } = this.#endpoint;
    return {
      intx: shape.pin === undefined ? 0 : 1,
      msi: shape.msi?.vectors ?? 0,
      msix: shape.msix?.vectors ?? 0,
    };
  }

  /** @throws {MachineMessagesError} */
  on(source: InterruptSource): InterruptCounter {
    const vector = source.kind === 'intx' ? 0 : source.vector;
    const counter = new SimCounter(this.#clock, () => {
      if (source.kind === 'intx') this.#unmaskPin();
    });
    this.#counters.set(vector, counter);
    try {
      if (source.kind === 'intx') this.#watchPin();
      else this.#enable(source.kind, vector);
    } catch (cause) {
      this.off(source);
      throw cause;
    }
    return counter;
  }

  /** After a reset the function has forgotten what was programmed. */
  restore(): void {
    const programmed = this.#programmed;
    if (programmed === undefined) return;
    for (const vector of this.#counters.keys()) this.#writeVector(programmed, vector);
    this.#switch(programmed.kind, true);
  }

  #watchPin(): void {
    const { signals } = this.#endpoint;
    this.#masked = false;
    const command = this.#endpoint.configRead(Header.command, 2);
    this.#endpoint.configWrite(Header.command, 2, command & ~CommandBit.intxDisable);
    this.#pinWatch = signals.watch((asserted) => {
      if (asserted) this.#pinRaised();
    });
    if (signals.asserted) this.#pinRaised();
  }

  #pinRaised(): void {
    if (this.#masked) return;
    this.#masked = true;
    this.#counters.get(0)?.raise();
  }

  #unmaskPin(): void {
    if (!this.#masked) return;
    this.#masked = false;
    if (this.#endpoint.signals.asserted) this.#pinRaised();
  }

  #enable(kind: 'msi' | 'msix', vector: number): void {
    this.#programmed ??= { kind, targets: new Map() };
    const { targets } = this.#programmed;
    const key = kind === 'msi' ? 0 : vector;
    if (!targets.has(key)) targets.set(key, this.#allocate(kind, vector));
    this.#writeVector(this.#programmed, vector);
    this.#switch(kind, true);
  }

  #allocate(kind: 'msi' | 'msix', vector: number): MessageTarget {
    const first = kind === 'msi' ? 0 : vector;
    return this.#host.messages.allocate(
      this.#endpoint.address,
      kind === 'msi' ? this.available.msi : 1,
      (index) => {
        this.#counters.get(first + index)?.raise();
      },
    );
  }

  /** Only the vectors that are open are unmasked; what others raise stays pending until they are. */
  #writeVector({ kind, targets }: Programmed, vector: number): void {
    const { signals } = this.#endpoint;
    const target = targets.get(kind === 'msi' ? 0 : vector);
    if (target === undefined) return;
    if (kind === 'msix') {
      const { msix } = signals;
      if (msix === undefined) return;
      const entry = msix.entryOffset(vector);
      msix.write(entry, 4, target.address % HIGH);
      msix.write(entry + 4, 4, Math.floor(target.address / HIGH));
      msix.write(entry + 8, 4, target.data);
      msix.write(entry + 12, 4, 0);
      return;
    }
    const base = this.#endpoint.capability(CapabilityId.msi);
    if (base === undefined) return;
    this.#endpoint.configWrite(base + 4, 4, target.address % HIGH);
    this.#endpoint.configWrite(base + 8, 4, Math.floor(target.address / HIGH));
    this.#endpoint.configWrite(base + 12, 2, target.data);
    if (this.#endpoint.shape.msi?.maskable !== true) return;
    let masked = 0xffff_ffff;
    for (const open of this.#counters.keys()) masked &= ~(1 << open);
    this.#endpoint.configWrite(base + 0x10, 4, masked >>> 0);
  }

  #switch(kind: 'msi' | 'msix', on: boolean): void {
    const base = this.#endpoint.capability(kind === 'msi' ? CapabilityId.msi : CapabilityId.msix);
    if (base === undefined) return;
    const granted = kind === 'msi' ? Math.log2(this.available.msi) << 4 : 0;
    const control = on ? (kind === 'msi' ? MsiControl.enable | granted : MsixControl.enable) : 0;
    this.#endpoint.configWrite(base + 2, 2, control);
  }

  off(source: InterruptSource): void {
    const vector = source.kind === 'intx' ? 0 : source.vector;
    this.#counters.delete(vector);
    const programmed = this.#programmed;
    if (programmed?.kind === 'msix') {
      const { msix } = this.#endpoint.signals;
      msix?.write(msix.entryOffset(vector) + 12, 4, 1);
      programmed.targets.get(vector)?.free();
      programmed.targets.delete(vector);
    }
    if (this.#counters.size > 0) {
      if (programmed?.kind === 'msi') this.#writeVector(programmed, vector);
      return;
    }
    this.#pinWatch?.[Symbol.dispose]();
    this.#pinWatch = undefined;
    this.#programmed = undefined;
    if (programmed === undefined) return;
    this.#switch(programmed.kind, false);
    for (const target of programmed.targets.values()) target.free();
  }
}
