/** Faults of a simulated device, as data: a description or a program switches them on and off. */
import type { TlpHeader } from './error-reporting.js';

/** What goes wrong with a function until it is cleared. */
export type DeviceFault =
  /** The next reset does not end: the function answers no more. Clearing ends it. */
  | { readonly fault: 'hung_reset' }
  /** In its slot, but it answers and sends nothing. Cleared, it goes on as it was. */
  | { readonly fault: 'unresponsive' }
  /** Pulled out without a word: nothing answers, nothing is sent. Clearing puts it in again, as after power on. */
  | { readonly fault: 'removed' }
  /** Interrupts without a cause: the pin is stuck, or a vector is raised every so many nanoseconds (10000). */
  | { readonly fault: 'interrupt_storm'; readonly vector?: number; readonly every?: number }
  /** The addresses of its DMA are off by so many bytes. */
  | { readonly fault: 'wrong_dma'; readonly offset: number }
  /**
   * An error of this name (`malformed`, as the register table `aer` names them) happens now, and is reported where the
   * function has advanced error reporting. Its severity is what the severity register says: after a fatal one nothing
   * but configuration space answers, until the function is reset or the fault cleared.
   */
  | { readonly fault: 'uncorrectable'; readonly error: string; readonly header?: TlpHeader }
  /** The same of an error that the hardware has dealt with: it is reported, and has no effect. */
  | { readonly fault: 'correctable'; readonly error: string }
  /** One that its kind has of its own, by name. */
  | { readonly fault: 'model'; readonly name: string };

/** Names that a kind cannot give to a fault of its own. */
export const BUILT_IN_FAULTS: ReadonlySet<string> = new Set([
  'hung_reset',
  'unresponsive',
  'removed',
  'interrupt_storm',
  'wrong_dma',
  'uncorrectable',
  'correctable',
]);

const STORM_NANOSECONDS = 10_000;

/** The name that a fault is cleared by. */
export function faultName(fault: DeviceFault): string {
  return fault.fault === 'model' ? fault.name : fault.fault;
}

/** The faults of one function that are on now. */
export class FaultSwitches {
  readonly #on = new Map<string, DeviceFault>();

  set(fault: DeviceFault): void {
    this.#on.set(faultName(fault), fault);
  }

  /** @returns false when it was not on. */
  delete(name: string): boolean {
    return this.#on.delete(name);
  }

  hasModelFault(name: string): boolean {
    return this.#on.get(name)?.fault === 'model';
  }

  get hangsInReset(): boolean {
    return this.#on.has('hung_reset');
  }

  get unresponsive(): boolean {
    return this.#on.has('unresponsive');
  }

  get removed(): boolean {
    return this.#on.has('removed');
  }

  get storm(): { readonly vector: number; readonly every: number } | undefined {
    const fault = this.#on.get('interrupt_storm');
    if (fault?.fault !== 'interrupt_storm') return undefined;
    return { vector: fault.vector ?? 0, every: fault.every ?? STORM_NANOSECONDS };
  }

  /** Bytes to add to each address. */
  get dmaOffset(): number {
    const fault = this.#on.get('wrong_dma');
    return fault?.fault === 'wrong_dma' ? fault.offset : 0;
  }
}
