/** The interrupt sources of a function in QEMU, programmed as an operating system does it for its program. */
import {
  changeCommand,
  InterruptError,
  type InterruptCounter,
  type Interrupts,
  type InterruptSource,
  type InterruptSwitch,
} from '../../function/index.js';
import {
  CapabilityId,
  capabilityOffsets,
  CommandBit,
  Header,
  MSIX_ENTRY_BYTES,
  MsiControl,
  MsixControl,
  msixTable,
  msixVectors,
} from '../../pci/index.js';
import { DOORBELL_VECTORS, type Doorbell, type DoorbellBlock } from './doorbell.js';
import { messageCounter, PinCounter } from './interrupt-counters.js';
import type { Qtest } from './qtest.js';
import { regionsOf, type Found } from './tree.js';

const MASKED = 1;

export interface SourceParts {
  readonly found: Found;
  readonly qtest: Qtest;
  readonly doorbell: Doorbell;
}

/** The messages of one kind, as they are programmed into the function. */
interface Programmed {
  readonly kind: 'msi' | 'msix';
  /** By vector; all vectors of MSI have one block, under 0. */
  readonly blocks: Map<number, DoorbellBlock>;
}

/** The sources of one function: it has one pin, and one of each capability. */
export class QemuInterrupts implements InterruptSwitch {
  readonly #parts: SourceParts;
  readonly #capabilities: ReadonlyMap<number, number>;
  /** Vectors that are on. */
  readonly #vectors = new Set<number>();
  #programmed: Programmed | undefined;
  #pin: PinCounter | undefined;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#capabilities = capabilityOffsets(parts.found.registers);
  }

  get available(): Interrupts['available'] {
    const { registers } = this.#parts.found;
    const [msi, msix] = [this.#at('msi'), this.#at('msix')];
    return {
      intx: registers.read(Header.interruptPin, 1) === 0 ? 0 : 1,
      msi: msi === undefined ? 0 : 1 << ((registers.read(msi + 2, 2) >>> 1) & 7),
      msix: msix === undefined ? 0 : msixVectors(registers, msix),
    };
  }

  /** @throws {InterruptError} QEMU has ended, or no messages are left. */
  on(source: InterruptSource, first: boolean): InterruptCounter {
    this.#checkRunning(source);
    const counter = this.#switchOn(source);
    if (!this.#parts.qtest.open) {
      // Who listened when it ended has been told, and this one did not yet.
      counter.close();
      this.off(source, first);
      this.#checkRunning(source);
    }
    return counter;
  }

  #checkRunning(source: InterruptSource): void {
    const { found, qtest } = this.#parts;
    if (!qtest.open) throw new InterruptError('INTERRUPT_FAILED', found.address, source, 'QEMU has ended');
  }

  #switchOn(source: InterruptSource): InterruptCounter {
    const { found, qtest } = this.#parts;
    if (source.kind === 'intx') return (this.#pin = new PinCounter(found.registers, qtest));
    const counter = this.#openMessage(source);
    this.#vectors.add(source.vector);
    this.#program(source.kind, source.vector);
    return counter;
  }

  /** The function's line went up, for it or for another one. */
  lineRaised(): void {
    this.#pin?.lineRaised();
  }

  /** After a reset the function has forgotten what was programmed. */
  restore(): void {
    const programmed = this.#programmed;
    if (programmed !== undefined) for (const vector of this.#vectors) this.#program(programmed.kind, vector);
  }

  #at(kind: 'msi' | 'msix'): number | undefined {
    return this.#capabilities.get(CapabilityId[kind]);
  }

  #openMessage(source: { readonly kind: 'msi' | 'msix'; readonly vector: number }): InterruptCounter {
    const { kind, vector } = source;
    this.#programmed ??= { kind, blocks: new Map<number, DoorbellBlock>() };
    const { blocks } = this.#programmed;
    const [key, index] = kind === 'msi' ? [0, vector] : [vector, 0];
    let block = blocks.get(key);
    if (block === undefined) {
      block = this.#parts.doorbell.allocate(kind === 'msi' ? this.available.msi : 1);
      if (block === undefined) {
        if (blocks.size === 0) this.#programmed = undefined;
        const why = `of the machine's ${DOORBELL_VECTORS} messages not enough are left`;
        throw new InterruptError('INTERRUPT_FAILED', this.#parts.found.address, source, why);
      }
      blocks.set(key, block);
    }
    const counter = block.counters[index];
    if (counter === undefined) throw new RangeError(`the block has no counter ${index}`);
    return messageCounter(counter);
  }

  /** Only the vectors that are open are unmasked; what others raise stays pending until they are. */
  #program(kind: 'msi' | 'msix', vector: number): void {
    const at = this.#at(kind);
    if (at === undefined) return;
    if (kind === 'msi') this.#programMsi(at);
    else this.#programMsix(at, vector);
  }

  #programMsi(at: number): void {
    const { registers } = this.#parts.found;
    const block = this.#programmed?.blocks.get(0);
    if (block === undefined) return;
    const control = registers.read(at + 2, 2);
    const wide = (control & MsiControl.wide) !== 0;
    registers.write(at + 4, 4, this.#parts.doorbell.address);
    if (wide) registers.write(at + 8, 4, 0);
    registers.write(at + (wide ? 12 : 8), 2, block.data);
    if ((control & MsiControl.maskable) !== 0) {
      let masked = 0xffff_ffff;
      for (const open of this.#vectors) masked &= ~(1 << open);
      registers.write(at + (wide ? 16 : 12), 4, masked >>> 0);
    }
    registers.write(at + 2, 2, MsiControl.enable | (Math.log2(this.available.msi) << 4));
  }

  #programMsix(at: number, vector: number): void {
    const { found, doorbell } = this.#parts;
    const block = this.#programmed?.blocks.get(vector);
    if (block === undefined) return;
    this.#writeEntry(at, vector, [doorbell.address, 0, block.data, 0]);
    found.registers.write(at + 2, 2, MsixControl.enable);
  }

  /** The table stands in a BAR, which must decode for the time of it. */
  #writeEntry(
    at: number,
    vector: number,
    [low, high, data, control]: readonly [number, number, number, number],
  ): void {
    const { registers } = this.#parts.found;
    const { region, offset } = msixTable(registers, at);
    const table = regionsOf(this.#parts.found).find(({ index }) => index === region);
    if (table === undefined) return;
    const command = registers.read(Header.command, 2);
    changeCommand(registers, CommandBit.memory);
    const entry = Number(table.address) + offset + vector * MSIX_ENTRY_BYTES;
    const { qtest } = this.#parts;
    // Masked first: an entry must not send while it is half of one and half of another.
    qtest.write('memory', entry + 12, 4, MASKED);
    qtest.write('memory', entry, 4, low);
    qtest.write('memory', entry + 4, 4, high);
    qtest.write('memory', entry + 8, 4, data);
    if (control !== MASKED) qtest.write('memory', entry + 12, 4, control);
    if ((command & CommandBit.memory) === 0) changeCommand(registers, 0, CommandBit.memory);
  }

  off(source: InterruptSource, last: boolean): void {
    if (source.kind === 'intx') {
      this.#pin = undefined;
      return;
    }
    const { kind, vector } = source;
    this.#vectors.delete(vector);
    const at = this.#at(kind);
    const programmed = this.#programmed;
    if (programmed === undefined || at === undefined) return;
    const { blocks } = programmed;
    if (kind === 'msix') {
      this.#writeEntry(at, vector, [0, 0, 0, MASKED]);
      blocks.get(vector)?.[Symbol.dispose]();
      blocks.delete(vector);
    } else if (!last) this.#program('msi', vector);
    if (!last) return;
    this.#programmed = undefined;
    this.#parts.found.registers.write(at + 2, 2, 0);
    for (const block of blocks.values()) block[Symbol.dispose]();
  }
}
