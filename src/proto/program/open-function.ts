/** A function in a program's hands: its registers, interrupts and DMA, and its release however the program ends. */
import {
  changeCommand,
  decodeBits,
  restoreDecoding,
  type Dma,
  type Machine,
  type PciFunction,
  type Region,
  type RegionInfo,
  type ResetMethod,
} from '../../function/index.js';
import { CommandBit, Header, regionIndex, type PciAddress, type RegisterMap } from '../../pci/index.js';
import { configRegisters, registersOf, type Registers } from '../registers/index.js';
import { holdUntilEnd, letGo } from './endings.js';
import { BarAbsentError, CapabilityAbsentError, FunctionDrivenError } from './errors.js';
import { driverInUse } from './function-user.js';
import { ProgramInterrupts } from './program-interrupts.js';

/** Of {@link openFunction}. */
export interface OpenOptions {
  /** Opens a function that somebody drives, too: both reach its registers then, and bus mastering stays as it was. */
  readonly evenIfUsed?: boolean;
  /** Who drives it, in words, where more is known than the machine's drivers tell: a guest has it from a pool. */
  readonly user?: string | undefined;
}

/**
 * Opens a function for this program and switches its decoding on. It is released at the end of the block
 * (`using`), and with the process: by an exception, `process.exit`, SIGINT, SIGTERM or SIGHUP. Only SIGKILL
 * leaves it to the operating system.
 * @throws {FunctionNotFoundError | FunctionDrivenError} and what the machine refuses.
 */
export function openFunction(
  machine: Machine,
  address: PciAddress,
  { evenIfUsed = false, user: told }: OpenOptions = {},
): ProgramFunction {
  const user =
    told ?? driverInUse(machine, address) ?? (isOpen(machine, address) ? 'this program' : undefined);
  if (user !== undefined && !evenIfUsed) throw new FunctionDrivenError(address, user);
  const fn = machine.open(address);
  try {
    const made = new ProgramFunction(fn, machine.name, user !== undefined);
    remember(machine, made);
    return made;
  } catch (cause) {
    fn.close();
    throw cause;
  }
}

/** What this process has open, by machine: a release of one would switch the bus mastering of the other off. */
const opened = new WeakMap<Machine, Set<ProgramFunction>>();

function isOpen(machine: Machine, address: PciAddress): boolean {
  return [...(opened.get(machine) ?? [])].some((fn) => fn.isOpen && fn.address.equals(address));
}

function remember(machine: Machine, fn: ProgramFunction): void {
  const open = [...(opened.get(machine) ?? [])].filter((each) => each.isOpen);
  opened.set(machine, new Set([...open, fn]));
}

/**
 * A function that {@link openFunction} has opened: decoding is on, bus mastering off. {@link release}, or the end of
 * the program however it comes, leaves it with bus mastering and interrupts off.
 */
export class ProgramFunction implements Disposable, AsyncDisposable {
  readonly address: PciAddress;
  readonly #fn: PciFunction;
  readonly #machine: string;
  readonly #regions = new Map<number, Region>();
  readonly #held = {
    releaseNow: () => {
      this.#release();
    },
  };
  /** Command before decoding was switched on, which decodes afterwards what it did then; undefined: all was on. */
  readonly #commandBefore: number | undefined;
  /** Bus mastering as it is left: somebody who drives the function keeps what he has. */
  readonly #masterAfter: boolean;
  #interrupts: ProgramInterrupts | undefined;
  #open = true;

  /** Use {@link openFunction}. */
  constructor(fn: PciFunction, machine: string, isShared: boolean) {
    this.#fn = fn;
    this.#machine = machine;
    this.address = fn.address;
    const needed = decodeBits(fn.regions);
    const command = fn.config.read(Header.command, 2);
    this.#commandBefore = (command & needed) === needed ? undefined : command;
    this.#masterAfter = isShared && (command & CommandBit.busMaster) !== 0;
    // From here on, so that a signal cannot come between.
    holdUntilEnd(this.#held);
    try {
      if (this.#commandBefore !== undefined) fn.setEnabled(true);
    } catch (cause) {
      letGo(this.#held);
      throw cause;
    }
  }

  /** Until it is released. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** The port, for what this view has no word for. */
  get port(): PciFunction {
    return this.#fn;
  }

  get regions(): readonly RegionInfo[] {
    return this.#fn.regions;
  }

  get config(): PciFunction['config'] {
    return this.#fn.config;
  }

  /** Each BAR as registers, opened at its first use. @throws {BarAbsentError | RegionAccessError} */
  get bar0(): Region {
    return this.bar(0);
  }

  get bar1(): Region {
    return this.bar(1);
  }

  get bar2(): Region {
    return this.bar(2);
  }

  get bar3(): Region {
    return this.bar(3);
  }

  get bar4(): Region {
    return this.bar(4);
  }

  get bar5(): Region {
    return this.bar(5);
  }

  /**
   * `index` 0 to 5; opened at the first use, and the same one afterwards.
   * @throws {BarAbsentError | RegionAccessError}
   */
  bar(index: number): Region {
    const open = this.#regions.get(index);
    if (open !== undefined) return open;
    if (!this.#fn.regions.some((region) => region.index === index)) {
      const present = this.#fn.regions
        .filter((region) => region.index < 6)
        .map((region) => `BAR ${region.index}`);
      throw new BarAbsentError(this.address, index, present);
    }
    const region = this.#fn.openRegion(index);
    this.#regions.set(index, region);
    return region;
  }

  /** The registers of a map, by name and typed by it. @throws {BarAbsentError | RegionAccessError} */
  registers<const Map extends RegisterMap>(map: Map): Registers<Map> {
    const index = regionIndex(map.space);
    return registersOf(index === undefined ? configRegisters(this.config) : this.bar(index), map);
  }

  /** @throws {CapabilityAbsentError} the machine gives programs none. */
  get interrupts(): ProgramInterrupts {
    const { interrupts } = this.#fn;
    if (interrupts === undefined)
      throw new CapabilityAbsentError('INTERRUPTS_ABSENT', this.address, this.#machine);
    return (this.#interrupts ??= new ProgramInterrupts(interrupts, () => {
      this.busMaster = true;
    }));
  }

  /** @throws {CapabilityAbsentError} the machine gives programs none. */
  get dma(): Dma {
    const { dma } = this.#fn;
    if (dma === undefined) throw new CapabilityAbsentError('DMA_ABSENT', this.address, this.#machine);
    return dma;
  }

  /**
   * Whether the device may write and read by itself, DMA and messages: off until it is switched on, or messages are
   * opened, and off again at the release.
   */
  get busMaster(): boolean {
    return (this.config.read(Header.command, 2) & CommandBit.busMaster) !== 0;
  }

  set busMaster(on: boolean) {
    changeCommand(this.config, on ? CommandBit.busMaster : 0, on ? 0 : CommandBit.busMaster);
  }

  /**
   * By the first of the function's ways that works, which it settles with.
   * @throws {ResetError}
   */
  reset(): Promise<ResetMethod> {
    return this.#fn.reset();
  }

  /**
   * Bus mastering off, so that the device reaches no memory any more; then interrupts, memory and regions; a decoding
   * that was off is off again. The second call does nothing.
   * @throws what the first step that failed met; the others are done nevertheless.
   */
  release(): void {
    const [failure] = this.#release();
    if (failure !== undefined) throw failure.cause;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve().then(() => {
      this.release();
    });
  }

  #release(): readonly { readonly cause: unknown }[] {
    if (!this.#open) return [];
    this.#open = false;
    letGo(this.#held);
    const failures: { cause: unknown }[] = [];
    const steps = [
      () => {
        this.busMaster = this.#masterAfter;
      },
      () => this.#interrupts?.close(),
      () => {
        if (this.#commandBefore !== undefined) restoreDecoding(this.#fn, this.#commandBefore);
      },
      () => {
        this.#fn.close();
      },
    ];
    for (const step of steps) {
      try {
        step();
      } catch (cause) {
        failures.push({ cause });
      }
    }
    return failures;
  }
}
