/** The interrupt sources of a simulated function, programmed as an operating system does it for its program. */
import { InterruptError, type InterruptSource, type MessageTarget } from '../../../function/index.js';
import { CapabilityId, CommandBit, Header, MsiControl, MsixControl } from '../../../pci/index.js';
import type { VirtualClock } from '../clock.js';
import type { Endpoint } from '../device/endpoint.js';
import type { SimHost } from '../host/sim-host.js';
import { SimInterruptStream } from './interrupt-stream.js';

const HIGH = 0x1_0000_0000;

/** The messages of one kind, programmed into the function as an operating system does it. */
interface Programmed {
  readonly kind: 'msi' | 'msix';
  /** By vector; all vectors of MSI have one block, under 0. */
  readonly targets: Map<number, MessageTarget>;
}

/**
 * The sources of one function, shared by all who have it open: it has one pin and one of each capability. One kind can
 * be open at a time, since messages disconnect the pin and each other.
 */
export class InterruptSources {
  readonly #endpoint: Endpoint;
  readonly #host: SimHost;
  readonly #clock: VirtualClock;
  readonly #streams = new Map<number, SimInterruptStream>();
  #kind: InterruptSource['kind'] | undefined;
  #programmed: Programmed | undefined;
  #pinWatch: Disposable | undefined;
  /** The pin was told of, and is told of again only after the next one was asked for. */
  #masked = false;

  constructor(endpoint: Endpoint, host: SimHost, clock: VirtualClock) {
    this.#endpoint = endpoint;
    this.#host = host;
    this.#clock = clock;
  }

  get available(): { readonly intx: number; readonly msi: number; readonly msix: number } {
    const { shape } = this.#endpoint;
    return {
      intx: shape.pin === undefined ? 0 : 1,
      msi: shape.msi?.vectors ?? 0,
      msix: shape.msix?.vectors ?? 0,
    };
  }

  /** @throws {InterruptError} no such source, or it or another kind is open. @throws {MachineMessagesError} */
  open(source: InterruptSource, onClosed: (stream: SimInterruptStream) => void): SimInterruptStream {
    const { address } = this.#endpoint;
    const vector = source.kind === 'intx' ? 0 : source.vector;
    if (!(Number.isInteger(vector) && vector >= 0 && vector < this.available[source.kind])) {
      throw new InterruptError('INTERRUPT_ABSENT', address, source, 'the function has no such source');
    }
    if (this.#kind !== undefined && this.#kind !== source.kind) {
      throw new InterruptError('INTERRUPT_TAKEN', address, source, `${this.#kind} is open`);
    }
    if (this.#streams.has(vector)) {
      throw new InterruptError('INTERRUPT_TAKEN', address, source, 'it is open already');
    }
    const stream = new SimInterruptStream(
      source,
      this.#clock,
      () => {
        if (source.kind === 'intx') this.#unmaskPin();
      },
      () => {
        this.#closed(vector);
        onClosed(stream);
      },
    );
    this.#streams.set(vector, stream);
    this.#kind = source.kind;
    try {
      if (source.kind === 'intx') this.#watchPin();
      else this.#enable(source.kind, vector);
    } catch (cause) {
      stream[Symbol.dispose]();
      throw cause;
    }
    return stream;
  }

  /** After a reset the function has forgotten what was programmed. */
  restore(): void {
    const programmed = this.#programmed;
    if (programmed === undefined) return;
    for (const vector of this.#streams.keys()) this.#writeVector(programmed, vector);
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
    this.#streams.get(0)?.raise();
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
        this.#streams.get(first + index)?.raise();
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
    for (const open of this.#streams.keys()) masked &= ~(1 << open);
    this.#endpoint.configWrite(base + 0x10, 4, masked >>> 0);
  }

  #switch(kind: 'msi' | 'msix', on: boolean): void {
    const base = this.#endpoint.capability(kind === 'msi' ? CapabilityId.msi : CapabilityId.msix);
    if (base === undefined) return;
    const granted = kind === 'msi' ? Math.log2(this.available.msi) << 4 : 0;
    const control = on ? (kind === 'msi' ? MsiControl.enable | granted : MsixControl.enable) : 0;
    this.#endpoint.configWrite(base + 2, 2, control);
  }

  #closed(vector: number): void {
    this.#streams.delete(vector);
    const programmed = this.#programmed;
    if (programmed?.kind === 'msix') {
      const { msix } = this.#endpoint.signals;
      msix?.write(msix.entryOffset(vector) + 12, 4, 1);
      programmed.targets.get(vector)?.free();
      programmed.targets.delete(vector);
    }
    if (this.#streams.size > 0) {
      if (programmed?.kind === 'msi') this.#writeVector(programmed, vector);
      return;
    }
    this.#kind = undefined;
    this.#pinWatch?.[Symbol.dispose]();
    this.#pinWatch = undefined;
    this.#programmed = undefined;
    if (programmed === undefined) return;
    this.#switch(programmed.kind, false);
    for (const target of programmed.targets.values()) target.free();
  }
}
