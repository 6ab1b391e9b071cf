/** QEMU's bus as a processor sees it, over the qtest socket: loads and stores that wait for their answer. */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { onReadable, readOnce, waitReadable, writeOnce, type Readiness } from '../../os/index.js';
import { QemuCommandError } from './errors.js';
import { AnswerReader, CommandLine } from './qtest-codec.js';

type Width = 1 | 2 | 4;
type Space = 'memory' | 'io';

/** A verb each, so that none is put together at an access. */
const READ: Readonly<Record<Space, Readonly<Record<Width, string>>>> = {
  memory: { 1: 'readb', 2: 'readw', 4: 'readl' },
  io: { 1: 'inb', 2: 'inw', 4: 'inl' },
};
const WRITE: Readonly<Record<Space, Readonly<Record<Width, string>>>> = {
  memory: { 1: 'writeb', 2: 'writew', 4: 'writel' },
  io: { 1: 'outb', 2: 'outw', 4: 'outl' },
};
const { EAGAIN, EINTR } = constants.errno;
const ALL_ONES = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;
const ALL_ONES_64 = 0xffff_ffff_ffff_ffffn;
/** Lines of the I/O APIC that PCI devices are on; those below are of the board, whose timers never rest. */
const FIRST_PCI_LINE = 16;
const LINES = 24;

export interface QtestListener {
  /** A line of the I/O APIC went up; told on the event loop and inside of {@link Qtest.waitForLines}, never inside of an access. */
  readonly onRaised: (line: number) => void;
  /** Nothing answers any more; told once. */
  readonly onEnded: (why: string) => void;
}

export class Qtest {
  readonly #fd: number;
  /** Milliseconds that an answer may take. */
  readonly #patience: number;
  readonly #listener: QtestListener;
  readonly #command = new CommandLine();
  readonly #answers = new AnswerReader();
  readonly #readiness: Readiness;
  #waiting = 0;
  #intercepting = false;
  /** Lines that went up and were not told of, a bit each. */
  #raised = 0;
  #telling = false;
  #open = true;

  /** `fd` does not block and is closed at the end. */
  constructor(fd: number, patience: number, listener: QtestListener) {
    this.#fd = fd;
    this.#patience = patience;
    this.#listener = listener;
    this.#readiness = onReadable(fd, () => {
      if (this.#receive() === 'ended') this.#end('it closed the connection');
      this.#tell();
    });
    // Only who waits for an interrupt has a reason to stay.
    this.#readiness.keepAlive(false);
  }

  get open(): boolean {
    return this.#open;
  }

  /** All ones once nothing answers any more. */
  read(space: Space, address: number, width: Width): number {
    this.#command.start(READ[space][width]);
    this.#command.number(address);
    return this.#ask() ? this.#answers.low : ALL_ONES[width];
  }

  read64(address: number): bigint {
    this.#command.start('readq');
    this.#command.number(address);
    if (!this.#ask()) return ALL_ONES_64;
    return (BigInt(this.#answers.high) << 32n) | BigInt(this.#answers.low);
  }

  write(space: Space, address: number, width: Width, value: number): void {
    this.#command.start(WRITE[space][width]);
    this.#command.number(address);
    this.#command.number(value >>> 0);
    this.#ask();
  }

  write64(address: number, value: bigint): void {
    this.#command.start('writeq');
    this.#command.number(address);
    this.#command.wide(value);
    this.#ask();
  }

  /** From now on the I/O APIC's lines end here. */
  interceptLines(): void {
    if (this.#intercepting) return;
    this.#intercepting = true;
    this.#command.start('irq_intercept_in ioapic');
    this.#ask();
  }

  /** Blocks until a line may have gone up, which is told of before it returns, or the time has passed. */
  waitForLines(milliseconds: number): void {
    if (this.#raised === 0 && this.#open && waitReadable(this.#fd, milliseconds, 'QEMU')) {
      if (this.#receive() === 'ended') this.#end('it closed the connection');
    }
    this.#tell();
  }

  /** While at least one waits, the process is kept running. */
  keepAlive(waits: boolean): void {
    this.#waiting += waits ? 1 : -1;
    if (this.#open) this.#readiness.keepAlive(this.#waiting > 0);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#readiness.close();
    closeSync(this.#fd);
  }

  /** Sends the command and waits for its answer. @returns false when there is nobody to answer. */
  #ask(): boolean {
    if (!this.#open) return false;
    const command = this.#command;
    command.end();
    // A command is far shorter than the socket's buffer, and there is never more than one.
    if (writeOnce(this.#fd, command.bytes, command.length) !== command.length)
      return this.#end('it takes no commands');
    let deadline: number | undefined;
    for (;;) {
      const answer = this.#nextAnswer();
      if (answer === 'done') break;
      if (answer === 'refused') throw new QemuCommandError(command.toString(), this.#answers.text);
      const received = this.#receive();
      if (received === 'some') continue;
      if (received === 'ended') return this.#end('it closed the connection');
      const now = performance.now();
      deadline ??= now + this.#patience;
      if (deadline <= now || !waitReadable(this.#fd, deadline - now, 'QEMU'))
        return this.#end(`it did not answer "${command.toString()}" in ${this.#patience} ms`);
    }
    // What came in between is told of when whoever made this access is done with it.
    if (this.#raised !== 0 && !this.#telling) {
      this.#telling = true;
      setImmediate(() => {
        this.#tell();
      });
    }
    return true;
  }

  #nextAnswer(): 'done' | 'refused' | undefined {
    for (let answer = this.#answers.next(); answer !== undefined; answer = this.#answers.next()) {
      if (answer === 'done' || answer === 'refused') return answer;
      const { line } = this.#answers;
      if (answer === 'raised' && line >= FIRST_PCI_LINE && line < LINES) this.#raised |= 1 << line;
    }
    return undefined;
  }

  #receive(): 'some' | 'nothing' | 'ended' {
    const count = readOnce(this.#fd, this.#answers.space());
    if (count > 0) {
      this.#answers.filled(count);
      return 'some';
    }
    return count === -EAGAIN || count === -EINTR ? 'nothing' : 'ended';
  }

  #tell(): void {
    this.#telling = false;
    // Without a command in between there are lines of interrupts alone.
    this.#nextAnswer();
    while (this.#raised !== 0 && this.#open) {
      const raised = this.#raised;
      this.#raised = 0;
      for (let line = FIRST_PCI_LINE; line < LINES; line++)
        if ((raised & (1 << line)) !== 0) this.#listener.onRaised(line);
    }
  }

  #end(why: string): false {
    if (this.#open) {
      this.close();
      this.#listener.onEnded(why);
    }
    return false;
  }
}
