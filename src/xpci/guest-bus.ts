/** The functions that the back end answers for now, and the search for them. */
import {
  ConfigAccessError,
  FunctionNotFoundError,
  type ErrorAnswer,
  type FunctionSummary,
} from '../function/index.js';
import { PciAddress, type OpenslotError, type RootBus } from '../pci/index.js';
import { Command, OperationError } from '../xen/pciif/index.js';
import type { GuestPlatform } from '../xen/platform.js';
import { BusFunction } from './bus-function.js';
import { ChangeFeed } from './changes.js';
import { BackEndGoneError } from './errors.js';
import type { AnswerRequest } from './error-requests.js';
import type { Operations } from './operations.js';
import { XpciFunction } from './xpci-function.js';

/** As the machine is named in errors and lists. */
export const MACHINE_NAME = 'xpci';
const FUNCTIONS_OF_A_BUS = 256;
/** A vendor id that no device has: nothing answers. */
const NO_VENDOR = 0xffff;

interface Place {
  readonly fn: BusFunction;
  readonly summary: FunctionSummary;
}

export class GuestBus {
  readonly changes = new ChangeFeed();
  readonly #platform: GuestPlatform;
  readonly #msixVectors: number;
  readonly #places = new Map<number, Place>();
  readonly #opened = new Set<XpciFunction>();

  constructor(platform: GuestPlatform, msixVectors: number) {
    this.#platform = platform;
    this.#msixVectors = msixVectors;
  }

  /** In order of address. */
  list(): FunctionSummary[] {
    return [...this.#places.values()]
      .map(({ summary }) => summary)
      .sort((a, b) => a.address.sbdf - b.address.sbdf);
  }

  /** @throws {FunctionNotFoundError} */
  open(address: PciAddress): XpciFunction {
    const place = this.#places.get(address.sbdf);
    if (place === undefined) throw new FunctionNotFoundError(address, MACHINE_NAME);
    const fn = new XpciFunction(place.fn, () => this.#opened.delete(fn));
    this.#opened.add(fn);
    return fn;
  }

  /**
   * Asks for all 256 functions of each root, each for itself: on a virtual bus function 0 may be missing.
   * @throws {BackEndSilentError | BackEndGoneError} the back end stopped answering.
   */
  enumerate(operations: Operations, roots: readonly RootBus[]): void {
    const absent = new Map(this.#places);
    for (const { domain, bus } of roots) {
      for (let devfn = 0; devfn < FUNCTIONS_OF_A_BUS; devfn++) {
        const address = PciAddress.fromDevfn(domain, bus, devfn);
        if (!this.#answers(operations, address)) continue;
        absent.delete(address.sbdf);
        if (!this.#places.has(address.sbdf)) this.#attach(operations, address);
      }
    }
    for (const { fn } of absent.values()) this.detach(fn.address, false);
  }

  #answers(operations: Operations, address: PciAddress): boolean {
    if (!operations.perform(Command.configRead, address, 0, 4, 0))
      throw operations.silence ?? new BackEndGoneError(address, 'the pair was closed during the search');
    const vendor = operations.value & 0xffff;
    // Old back ends answer for an absent function with success and 0, or with what an empty bus reads.
    return operations.error === OperationError.success && vendor !== 0 && vendor !== NO_VENDOR;
  }

  #attach(operations: Operations, address: PciAddress): void {
    const fn = new BusFunction(address, {
      platform: this.#platform,
      operations,
      msixVectors: this.#msixVectors,
      onVanish: () => {
        this.#vanished(fn, new BackEndGoneError(address, 'the back end has no such function any more'));
      },
      onHandlerFailure: (step, error) => {
        this.changes.tell({ change: 'failed', doing: `${step} of ${address}`, error });
      },
    });
    try {
      const summary = fn.summary();
      if (fn.hasLeft) return;
      this.#places.set(address.sbdf, { fn, summary });
    } catch (error) {
      if (!(error instanceof ConfigAccessError)) throw error;
      this.changes.tell({ change: 'failed', doing: `reading the header of ${address}`, error });
      return;
    }
    this.changes.tell({ change: 'attached', address });
  }

  /** The back end asks about a place of the bus, which may be any. */
  readonly answerError: AnswerRequest = async ({ domain, bus, devfn }, step): Promise<ErrorAnswer> => {
    if (domain > 0xffff || bus > 0xff || devfn > 0xff) return 'none';
    const place = this.#places.get(PciAddress.fromDevfn(domain, bus, devfn).sbdf);
    return place === undefined ? 'none' : place.fn.errors.answer(step);
  };

  /** The tool stack takes the function away. While the back end still answers, its interrupts are switched off there. */
  detach(address: PciAddress, backEndAnswers: boolean): void {
    const place = this.#places.get(address.sbdf);
    if (place === undefined) return;
    this.#places.delete(address.sbdf);
    place.fn.leave(backEndAnswers);
    this.changes.tell({ change: 'detached', address });
  }

  detachAll(backEndAnswers: boolean): void {
    for (const { fn } of [...this.#places.values()]) this.detach(fn.address, backEndAnswers);
  }

  /** The back end is silent: every function is gone. */
  lose(error: OpenslotError): void {
    for (const { fn } of [...this.#places.values()]) this.#vanished(fn, error);
  }

  #vanished(fn: BusFunction, error: OpenslotError): void {
    if (fn.hasLeft) return;
    fn.leave(false);
    if (this.#places.get(fn.address.sbdf)?.fn !== fn) return;
    this.#places.delete(fn.address.sbdf);
    this.changes.tell({ change: 'gone', address: fn.address, error });
  }

  /** Closes whatever the program has left open. */
  closeOpened(): void {
    for (const fn of [...this.#opened]) fn.close();
  }
}
