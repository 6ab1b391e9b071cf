/** The machine `qemu`: QEMU's device models on their PCI buses, without a processor that does anything. */
import {
  FunctionNotFoundError,
  InterruptSources,
  type FunctionSummary,
  type Machine,
  type MachineCapabilities,
  type PciFunction,
} from '../../function/index.js';
import { CommandBit, Header, type PciAddress } from '../../pci/index.js';
import { parseArguments } from './arguments.js';
import { QemuEndedError } from './errors.js';
import { lineOf } from './lines.js';
import { MachineMemory } from './memory.js';
import type { Monitor } from './monitor.js';
import { DOORBELL_DEVFN, QemuProcess } from './process.js';
import { QemuFunction } from './qemu-function.js';
import { QemuInterrupts } from './qemu-interrupts.js';
import { Qtest } from './qtest.js';
import { regionsOf, Tree, type Found } from './tree.js';
import { splitWords } from './words.js';

const PROGRAM = 'qemu-system-x86_64';
/** Devices with 28 address lines, such as edu, reach all of it. */
const MEMORY_BYTES = 256 * 0x10_0000;
/** Loaded machines get all the time they need. */
const START_MILLISECONDS = 60_000;
const ANSWER_MILLISECONDS = 20_000;
const SUBSYSTEM_VENDOR = 0x2c;

/** Of {@link QemuMachine.start}. */
export interface QemuMachineOptions {
  /** The program and what comes before QEMU's own arguments; else OPENSLOT_QEMU, split as a shell would, or the PATH. */
  readonly command?: readonly [string, ...string[]];
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds that an access may take, after which QEMU counts as gone. */
  readonly patience?: number;
}

/** What all views of one function share. */
interface KnownFunction {
  readonly found: Found;
  readonly sources: InterruptSources;
  readonly programmed: QemuInterrupts;
  readonly interruptLine: number | undefined;
}

/** A q35 of QEMU's, started for it and ended with it. It needs `qemu-system-x86_64`, and neither root nor KVM. */
export class QemuMachine implements Machine {
  readonly name = 'qemu';
  readonly capabilities: MachineCapabilities = {
    configWrite: true,
    memoryRegions: true,
    ioRegions: true,
    interrupts: true,
    dma: true,
    reset: true,
    // There is no IOMMU: every bus master reaches all memory.
    iommuGroups: false,
    machineFrames: false,
  };
  readonly #process: QemuProcess;
  readonly #qtest: Qtest;
  readonly #tree: Tree;
  readonly #memory: MachineMemory;
  /** By address, in its order. */
  readonly #functions = new Map<number, KnownFunction>();
  readonly #open = new Set<QemuFunction>();
  readonly #endListeners = new Set<(why: string) => void>();
  #ended: string | undefined;
  #closed = false;

  /**
   * @param given the arguments, as they stand behind `qemu:`.
   * @throws {QemuArgumentError | QemuMissingError | QemuEndedError | QemuResourcesError}
   */
  static async start(given: string, options: QemuMachineOptions = {}): Promise<QemuMachine> {
    const process = await QemuProcess.start({
      command: options.command ?? qemuCommand(),
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      given: parseArguments(given),
      memory: MEMORY_BYTES,
      patience: START_MILLISECONDS,
    });
    return new QemuMachine(process, options.patience ?? ANSWER_MILLISECONDS);
  }

  private constructor(process: QemuProcess, patience: number) {
    this.#process = process;
    this.#qtest = new Qtest(process.qtest, patience, {
      onRaised: (line) => {
        for (const { interruptLine, programmed } of this.#functions.values())
          if (interruptLine === line) programmed.lineRaised();
      },
      onEnded: (why) => {
        this.#end(why);
      },
    });
    this.#memory = new MachineMemory(process.memory, MEMORY_BYTES);
    try {
      this.#tree = new Tree(this.#qtest);
      this.#prepare();
      // What answered nothing is no machine.
      if (this.#ended !== undefined) throw new QemuEndedError('QEMU_ENDED', `QEMU: ${this.#ended}`, '');
    } catch (cause) {
      this[Symbol.dispose]();
      throw cause;
    }
  }

  /** QEMU's process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** QEMU's own monitor. */
  get monitor(): Monitor {
    return this.#process.monitor;
  }

  /** Why nothing answers any more; undefined while QEMU runs. */
  get ended(): QemuEndedError | undefined {
    return this.#process.ended;
  }

  /** Told once when QEMU has ended or does not answer: from then on registers read all ones, and streams have ended. */
  onEnded(listener: (why: string) => void): Disposable {
    this.#endListeners.add(listener);
    return { [Symbol.dispose]: () => this.#endListeners.delete(listener) };
  }

  list(): readonly FunctionSummary[] {
    return [...this.#functions.values()].filter(({ found }) => isPresent(found)).map(summaryOf);
  }

  open(address: PciAddress): PciFunction {
    const known = this.#functions.get(address.sbdf);
    if (known === undefined || !isPresent(known.found)) throw new FunctionNotFoundError(address, this.name);
    const view = new QemuFunction({
      ...known,
      tree: this.#tree,
      qtest: this.#qtest,
      memory: this.#memory,
      onClose: (closed) => this.#open.delete(closed),
    });
    this.#open.add(view);
    return view;
  }

  /** Closes what is open, and ends QEMU. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended ??= 'the machine was closed';
    for (const view of [...this.#open]) view.close();
    this.#qtest.close();
    this.#process.close();
    // Last: the buffers of the views were pieces of it.
    this.#process.memory.close();
  }

  #prepare(): void {
    for (const found of this.#tree.all()) {
      if (isDoorbell(found)) {
        this.#placeDoorbell(found);
        continue;
      }
      const { address } = found;
      const programmed = new QemuInterrupts({ found, qtest: this.#qtest, doorbell: this.#process.doorbell });
      const sources = new InterruptSources(address, programmed);
      this.#functions.set(address.sbdf, { found, sources, programmed, interruptLine: lineOf(found) });
    }
  }

  #placeDoorbell(found: Found): void {
    const registers = regionsOf(found).find(({ index }) => index === 0);
    if (registers === undefined) throw new TypeError('the doorbell has no registers');
    found.registers.write(Header.command, 2, CommandBit.memory | CommandBit.intxDisable);
    this.#process.doorbell.place(Number(registers.address));
  }

  #end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const view of this.#open) view.endInterrupts();
    // One that only says nothing is ended too: what it would still do, nobody expects.
    this.#process.close();
    for (const listener of this.#endListeners) listener(why);
  }
}

/** How QEMU is run where nobody says it: by OPENSLOT_QEMU, split as a shell would, or from the PATH. @throws {QemuArgumentError} */
export function qemuCommand(): [string, ...string[]] {
  const [program = PROGRAM, ...before] = splitWords(process.env['OPENSLOT_QEMU'] ?? '');
  return [program, ...before];
}

function isDoorbell({ address, parent }: Found): boolean {
  return parent === undefined && address.devfn === DOORBELL_DEVFN;
}

function isPresent({ registers }: Found): boolean {
  return registers.read(Header.vendor, 2) !== 0xffff;
}

function summaryOf({ found }: KnownFunction): FunctionSummary {
  const { address, registers, headerType } = found;
  const isDevice = headerType === 0;
  return {
    address,
    vendor: registers.read(Header.vendor, 2),
    device: registers.read(Header.device, 2),
    subsystemVendor: isDevice ? registers.read(SUBSYSTEM_VENDOR, 2) : undefined,
    subsystemDevice: isDevice ? registers.read(SUBSYSTEM_VENDOR + 2, 2) : undefined,
    classCode: registers.read(Header.revision, 4) >>> 8,
    revision: registers.read(Header.revision, 1),
    headerType,
    driver: undefined,
    iommuGroup: undefined,
    unreadable: [],
  };
}
