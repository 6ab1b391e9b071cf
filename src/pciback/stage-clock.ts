/** Where the time of one configuration read goes, by stage; only made when somebody measures. */
import type { ConfigSpace, ConfigWidth } from '../function/index.js';

export type Stage = 'copy' | 'policy' | 'hardware' | 'reply';
const STAGES: readonly Stage[] = ['copy', 'policy', 'hardware', 'reply'];

/** One operation in so many is measured: on a virtual processor, reading the clock takes as long as a stage. */
const SAMPLE = 64;

/** Milliseconds summed by stage. `policy` is what remains of the work between copy and reply. */
export class StageClock {
  #operations = 0;
  #seen = 0;
  #measuring = false;
  readonly #sums: Record<Stage, number> = { copy: 0, policy: 0, hardware: 0, reply: 0 };
  #hardware = 0;

  /** True when the operation that begins now is to be measured. */
  due(): boolean {
    this.#seen++;
    this.#measuring = this.#seen % SAMPLE === 0;
    return this.#measuring;
  }

  /** Milliseconds with a fraction, as the process's monotonic clock has them. */
  now(): number {
    return performance.now();
  }

  /** The first mark of an operation: what the hardware took before does not count. */
  begin(): number {
    this.#hardware = 0;
    return this.now();
  }

  /** The marks of one read: started, copied, executed, replied. */
  count(started: number, copied: number, executed: number, replied: number): void {
    this.#operations++;
    this.#sums.copy += copied - started;
    this.#sums.policy += executed - copied - this.#hardware;
    this.#sums.hardware += this.#hardware;
    this.#sums.reply += replied - executed;
  }

  /** The same space, with its accesses counted as `hardware`. */
  measured(config: ConfigSpace): ConfigSpace {
    const timed = <T>(access: () => T): T => {
      if (!this.#measuring) return access();
      const start = this.now();
      try {
        return access();
      } finally {
        this.#hardware += this.now() - start;
      }
    };
    return {
      size: config.size,
      read: (offset: number, width: ConfigWidth) => timed(() => config.read(offset, width)),
      write: (offset: number, width: ConfigWidth, value: number) => {
        timed(() => {
          config.write(offset, width, value);
        });
      },
    };
  }

  /** Mean nanoseconds of each stage per read. */
  report(): { readonly operations: number; readonly nanoseconds: Readonly<Record<Stage, number>> } {
    const mean = (stage: Stage) =>
      this.#operations === 0 ? 0 : Math.round((this.#sums[stage] * 1e6) / this.#operations);
    return {
      operations: this.#operations,
      nanoseconds: Object.fromEntries(STAGES.map((stage) => [stage, mean(stage)])) as Record<Stage, number>,
    };
  }
}
