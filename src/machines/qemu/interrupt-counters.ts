/** What counts the interrupts of one source: an event counter of the doorbell, or a pin on its line. */
import { CommandBit, Header } from '../../pci/index.js';
import { changeCommand, type ConfigSpace, type InterruptCounter } from '../../function/index.js';
import { takeEvents } from '../../os/index.js';
import { FileCounter } from '../counting-files/index.js';
import type { Qtest } from './qtest.js';

/** Status: the function wants its pin asserted, whether it may or not (PCI Local Bus 3.0, 6.2.3). */
const INTERRUPT_PENDING = 0x08;

/** Who waits on the event loop, all for one and the same thing. */
class Waiters {
  #wait: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** @param begin is called for the first who waits. */
  join(begin: () => void): Promise<void> {
    if (this.#wait !== undefined) return this.#wait.promise;
    let resolve: () => void = () => undefined;
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.#wait = { promise, resolve };
    begin();
    return promise;
  }

  /** @param end is called when somebody waited. */
  wake(end: () => void): void {
    const wait = this.#wait;
    if (wait === undefined) return;
    this.#wait = undefined;
    end();
    wait.resolve();
  }
}

/** Messages of one number of the doorbell, counted by the kernel in an event counter, which stays the doorbell's. */
export function messageCounter(fd: number): InterruptCounter {
  // What came for whoever had it before.
  takeEvents(fd);
  return new FileCounter({
    fd,
    name: 'an interrupt message',
    read: () => takeEvents(fd),
    // Each message is one interrupt: there is no level behind it.
    acknowledge: () => undefined,
    close: () => undefined,
  });
}

/**
 * The pin of one function. Lines are shared, and told of only when they go up: so a pin that was told of is
 * disconnected in Command until it is acknowledged, and its line is free for the others.
 */
export class PinCounter implements InterruptCounter {
  readonly #config: ConfigSpace;
  readonly #qtest: Qtest;
  readonly #waiters = new Waiters();
  #count = 0;

  constructor(config: ConfigSpace, qtest: Qtest) {
    this.#config = config;
    this.#qtest = qtest;
    qtest.interceptLines();
    this.acknowledge();
  }

  /** The line went up; it may have been another function. */
  lineRaised(): void {
    const { command, status } = Header;
    if ((this.#config.read(status, 2) & INTERRUPT_PENDING) === 0) return;
    if ((this.#config.read(command, 2) & CommandBit.intxDisable) !== 0) return;
    changeCommand(this.#config, CommandBit.intxDisable);
    this.#count++;
    this.#settle();
  }

  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  wait(milliseconds: number): boolean {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      if (this.#count > 0) return true;
      const left = deadline - performance.now();
      if (left < 0 || !this.#qtest.open) return false;
      this.#qtest.waitForLines(left);
    }
  }

  ready(): Promise<void> {
    return this.#waiters.join(() => {
      this.#qtest.keepAlive(true);
    });
  }

  acknowledge(): void {
    changeCommand(this.#config, 0, CommandBit.intxDisable);
  }

  close(): void {
    changeCommand(this.#config, CommandBit.intxDisable);
    this.#settle();
  }

  #settle(): void {
    this.#waiters.wake(() => {
      this.#qtest.keepAlive(false);
    });
  }
}
