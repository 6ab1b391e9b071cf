/** The machine's interrupt lines: level-triggered, each shared by all pins that are routed to it; those of platform devices before them. */
import { Listeners } from '../listeners.js';

/** Number of the first line of pins, after the 16 of platform devices: as a GSI on x86. */
export const FIRST_LINE = 16;

export class InterruptLines {
  /** Lines of pins. */
  readonly count: number;
  /** Pins that hold each line. */
  readonly #holders: Uint32Array;
  readonly #watchers = new Map<number, Listeners<boolean>>();

  constructor(count: number) {
    this.count = count;
    this.#holders = new Uint32Array(FIRST_LINE + count);
  }

  /** The line of a pin on a root bus, 1 (INTA) to 4 (INTD): neighbouring devices start at neighbouring lines. */
  lineOf(device: number, pin: number): number {
    return FIRST_LINE + ((device + pin - 1) % this.count);
  }

  level(line: number): boolean {
    return (this.#holders[line] ?? 0) > 0;
  }

  /** One more pin holds the line, or one fewer; each caller lets go exactly as often as it has taken hold. */
  hold(line: number, held: boolean): void {
    const before = this.#holders[line];
    if (before === undefined) throw new RangeError(`the machine has no line ${line}`);
    const now = before + (held ? 1 : -1);
    this.#holders[line] = now;
    if (now > 0 === before > 0) return;
    this.#watchers.get(line)?.tell(now > 0);
  }

  watch(line: number, onLevel: (level: boolean) => void): Disposable {
    let watchers = this.#watchers.get(line);
    if (watchers === undefined) this.#watchers.set(line, (watchers = new Listeners()));
    return watchers.add(onLevel);
  }
}
