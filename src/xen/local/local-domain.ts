/** One domain of the embedded Xen: its memory, its control block, and its processor: a worker, or the thread that asks. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort, threadId, Worker } from 'node:worker_threads';
import type { HostControl, IommuContext, MemoryRange } from '../../function/index.js';
import type { DomainId } from '../domain.js';
import type { CallLoop } from './call-loop.js';
import { CONTROL_BYTES, type Handoff, type MessagePortLike } from './control-block.js';
import { DomainCalls } from './domain-calls.js';
import { crashOf, type DomainEnd } from './domain-end.js';
import { DomainOutput } from './domain-output.js';
import { DomainEndedError, DomainMessagesError } from './errors.js';
import { EventChannels } from './event-channels.js';
import { GrantTable } from './grant-table.js';
import { MappedRanges } from './mapped-ranges.js';
import type { LocalAssignment } from './assignment.js';
import type { LocalPirqs } from './pirqs.js';

/** The machine's and the hypervisor's parts that a domain lives on. */
export interface DomainSurroundings {
  readonly host: HostControl;
  readonly pirqs: LocalPirqs;
  readonly assignment: LocalAssignment;
  readonly loop: CallLoop;
  readonly onFault: (domain: DomainId, error: unknown) => void;
  /** Called once, in the same turn as the domain loses what it had: nobody may give it anything any more. */
  readonly onOver: () => void;
}

/** A program that a domain runs. */
export interface DomainProgram {
  /** The worker's first module; it gets `{ handoff, data }` as its workerData. */
  readonly entry: URL;
  /** For the entry; anything that can be cloned. */
  readonly data?: unknown;
  /** Text of the program's standard output and error, cut anywhere. */
  readonly onOutput?: (text: string) => void;
}

/** Messages between two looks at how many more there are. */
const GLANCE = 64;
/** Messages that are there at once of a domain that makes calls: one to a call, a few where calls were answered early. */
const MOST_MESSAGES = 64;
/** The longest that {@link LocalDomain.destroy} waits for the thread. */
const LAST_WAIT_MS = 2000;
/** Most MiB of JavaScript objects in a domain; its memory for devices and pages is apart from them. */
const HEAP_MIB = 256;

/** Made by {@link LocalXen}; its program sees the same through a `GuestPlatform`. */
export class LocalDomain {
  readonly id: DomainId;
  readonly name: string;
  readonly memory: MemoryRange;
  readonly channels: EventChannels;
  readonly grants: GrantTable;
  readonly ranges: MappedRanges;
  /** All of its own memory at its machine addresses, as a PV domain's context is on Xen. */
  readonly context: IommuContext;
  /** Settles when the domain has nothing any more. */
  readonly over: Promise<void>;
  /** Settles after that, when everything that it printed has been passed on; never rejects. */
  readonly ended: Promise<DomainEnd>;
  readonly #calls: DomainCalls;
  readonly #control = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #wake = new MessageChannel();
  readonly #around: DomainSurroundings;
  #settleOver: () => void = () => undefined;
  #settle: (end: DomainEnd) => void = () => undefined;
  #worker: Worker | undefined;
  #outputs: readonly DomainOutput[] = [];
  #messages = 0;
  #started = false;
  #over = false;

  /** @throws {MachineMemoryError} the machine has no such memory left. */
  constructor(id: DomainId, name: string, bytes: number, around: DomainSurroundings) {
    this.id = id;
    this.name = name;
    this.#around = around;
    this.memory = around.host.allocateMemory(bytes);
    this.context = around.host.createContext(`guest ${id}`);
    const { base } = this.memory;
    this.context.map(
      BigInt(base) as Parameters<IommuContext['map']>[0],
      base,
      this.memory.buffer.byteLength,
      {
        read: true,
        write: true,
      },
    );
    const words = new Int32Array(this.#control);
    this.channels = new EventChannels(words, this.#wake.port1);
    this.grants = new GrantTable(this.memory.buffer);
    this.ranges = new MappedRanges(around.host, around.assignment.protectedFrames);
    this.#calls = new DomainCalls(words, {
      ranges: this.ranges,
      grants: this.grants,
      channels: this.channels,
      bindPirq: (pirq) => this.#bindPirq(pirq),
      closePort: (port) => this.#closePort(port),
      endOfInterrupt: (pirq) => {
        around.pirqs.endOfInterrupt(id, pirq);
      },
      failed: (error) => {
        around.onFault(id, error);
      },
    });
    this.over = new Promise((resolve) => (this.#settleOver = resolve));
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    around.loop.add(this.#calls);
    this.#wake.port1.on('message', (message: unknown) => {
      if (message !== 0 || this.#isFlooded())
        this.#refuse('more messages to the hypervisor than it makes calls');
      else around.loop.wake(this.#calls);
    });
    // A domain that does nothing is no reason to keep the hypervisor's process alive; its worker is one.
    this.#wake.port1.unref();
  }

  get running(): boolean {
    return this.#started && !this.#over;
  }

  /** True from the moment of its end on, while what it had is still being taken back, too. */
  get hasEnded(): boolean {
    return this.#over;
  }

  /** Starts the domain's processor. Once; a domain that has ended does not run again. */
  run({ entry, data, onOutput }: DomainProgram): void {
    this.#start();
    const handoff = this.#handoff(this.#wake.port2, threadId, availableParallelism() > 1);
    const worker = new Worker(entry, {
      workerData: { handoff, data },
      transferList: [this.#wake.port2],
      name: this.name,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      stdin: false,
      stdout: true,
      stderr: true,
    });
    this.#worker = worker;
    this.#outputs = [worker.stdout, worker.stderr].map(
      (stream) => new DomainOutput(stream, (text) => onOutput?.(text)),
    );
    // Node gives every worker a port of its own, and reads all that comes there.
    worker.on('message', () => {
      this.#refuse('messages to its parent, where nobody listens');
    });
    let crash: Error | undefined;
    worker.on('error', (error: unknown) => {
      crash = crashOf(error);
    });
    worker.on('exit', (code) => {
      this.#finish(crash === undefined ? { how: 'exit', code } : { how: 'crash', error: crash });
      // Not before: its thread may have written to the last.
      this.memory.free();
    });
  }

  /**
   * Makes the calling thread, which is the hypervisor's, the domain's processor: what `connectGuest` makes of the
   * handoff is a guest without a worker, for a debugger or a test that goes through a driver step by step. Each of its
   * calls is answered inside itself, so none waits for this thread; but while it blocks for an event nothing else
   * happens here. The domain ends with the guest's platform, or by {@link destroy}. Once, as {@link run}.
   */
  runHere(): Handoff {
    this.#start();
    // While the hypervisor looks at calls by itself, none is sent; here it is called.
    this.#around.loop.remove(this.#calls);
    this.#calls.setAttentive(false);
    const { port2 } = this.#wake;
    const port: MessagePortLike = {
      postMessage: () => {
        if (this.#over) throw new DomainEndedError(this.id);
        this.#calls.serve();
      },
      // An event that was on its way when the domain ended finds nobody.
      on: (event, listener) =>
        port2.on(event, () => {
          if (!this.#over) listener();
        }),
      ref: () => {
        port2.ref();
      },
      unref: () => {
        port2.unref();
      },
      close: () => {
        port2.close();
        this.#finish({ how: 'exit', code: 0 });
      },
    };
    return this.#handoff(port, undefined, false);
  }

  #start(): void {
    if (this.#started || this.#over) throw new RangeError(`domain ${this.id} has run already`);
    this.#started = true;
  }

  #handoff(port: MessagePortLike, thread: number | undefined, parallel: boolean): Handoff {
    return {
      domain: this.id,
      name: this.name,
      control: this.#control,
      memory: this.memory.buffer,
      base: this.memory.base,
      port,
      thread,
      parallel,
    };
  }

  /**
   * Ends the domain wherever it is, in a register access too. Its functions are in quarantine before this returns. It
   * settles when its thread has ended; one that waits in a system call of its own ends when that does, and is not
   * waited for.
   */
  async destroy(): Promise<void> {
    this.#finish({ how: 'destroyed' });
    for (const output of this.#outputs) output.stop();
    if (this.#worker === undefined) return;
    const late = new AbortController();
    await Promise.race([
      this.#worker.terminate(),
      sleep(LAST_WAIT_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#worker.unref();
  }

  /** True for a domain that sends messages without end: they would fill the memory, and keep this thread from others. */
  #isFlooded(): boolean {
    if (++this.#messages % GLANCE !== 0) return false;
    for (let more = 0; more < MOST_MESSAGES; more++)
      if (receiveMessageOnPort(this.#wake.port1) === undefined) return false;
    return true;
  }

  #refuse(what: string): void {
    if (this.#over) return;
    this.#finish({ how: 'crash', error: new DomainMessagesError(this.id, what) });
    for (const output of this.#outputs) output.stop();
    void this.#worker?.terminate();
  }

  #bindPirq(pirq: Parameters<LocalPirqs['bind']>[1]): number {
    const { pirqs } = this.#around;
    const refusal = pirqs.refusal(this.id, pirq);
    if (refusal !== 0) return refusal;
    const port = this.channels.bindPirq(pirq);
    if (port < 0) return port;
    const status = pirqs.bind(this.id, pirq, this.channels, port);
    return status === 0 ? port : status;
  }

  #closePort(port: number): number {
    const pirq = this.channels.pirqOf(port);
    const status = this.channels.close(port);
    if (status === 0 && pirq !== undefined) this.#around.pirqs.unbind(this.id, pirq);
    return status;
  }

  /** It has nothing any more when this returns; its end is told when all that it printed has been. */
  #finish(end: DomainEnd): void {
    if (this.#over) return;
    this.#over = true;
    const { loop, assignment, pirqs, onOver } = this.#around;
    loop.remove(this.#calls);
    assignment.takeAway(this.id);
    pirqs.releaseAll(this.id);
    this.#wake.port1.close();
    // Of a domain that never ran nobody else has it.
    if (!this.#started) this.#wake.port2.close();
    this.context[Symbol.dispose]();
    if (this.#worker === undefined) this.memory.free();
    onOver();
    this.#settleOver();
    void Promise.all(this.#outputs.map(({ ended }) => ended)).then(() => {
      this.#settle(end);
    });
  }
}
