/** One domain of the embedded Xen: its memory, its control block, and its processor: a worker, or the thread that asks. */
import { availableParallelism } from 'node:os';
import { MessageChannel, threadId, Worker } from 'node:worker_threads';
import type { HostControl, IommuContext, MemoryRange } from '../../function/index.js';
import type { DomainId } from '../domain.js';
import type { CallLoop } from './call-loop.js';
import { CONTROL_BYTES, type Handoff, type MessagePortLike } from './control-block.js';
import { DomainCalls } from './domain-calls.js';
import { DomainEndedError } from './errors.js';
import { EventChannels } from './event-channels.js';
import { GrantTable } from './grant-table.js';
import { MappedRanges } from './mapped-ranges.js';
import type { LocalAssignment } from './assignment.js';
import type { LocalPirqs } from './pirqs.js';

/** How a domain came to its end. */
export type DomainEnd =
  | { readonly how: 'exit'; readonly code: number }
  /** Its program threw what nobody caught, or its heap was full. */
  | { readonly how: 'crash'; readonly error: unknown }
  | { readonly how: 'destroyed' };

/** The machine's and the hypervisor's parts that a domain lives on. */
export interface DomainSurroundings {
  readonly host: HostControl;
  readonly pirqs: LocalPirqs;
  readonly assignment: LocalAssignment;
  readonly loop: CallLoop;
  readonly onFault: (domain: DomainId, error: unknown) => void;
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

/** Most MiB of JavaScript objects in a domain; its memory for devices and pages is apart from them. */
const HEAP_MIB = 256;

export class LocalDomain {
  readonly id: DomainId;
  readonly name: string;
  readonly memory: MemoryRange;
  readonly channels: EventChannels;
  readonly grants: GrantTable;
  readonly ranges: MappedRanges;
  /** All of its own memory at its machine addresses, as a PV domain's context is on Xen. */
  readonly context: IommuContext;
  /** Settles when the domain has ended, however; never rejects. */
  readonly ended: Promise<DomainEnd>;
  readonly #calls: DomainCalls;
  readonly #control = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #wake = new MessageChannel();
  readonly #around: DomainSurroundings;
  #settle: (end: DomainEnd) => void = () => undefined;
  #worker: Worker | undefined;
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
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    around.loop.add(this.#calls);
    this.#wake.port1.on('message', () => {
      around.loop.wake(this.#calls);
    });
    // A domain that does nothing is no reason to keep the hypervisor's process alive; its worker is one.
    this.#wake.port1.unref();
  }

  get running(): boolean {
    return this.#started && !this.#over;
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
    for (const output of [worker.stdout, worker.stderr]) {
      output.setEncoding('utf8');
      output.on('data', (text: string) => onOutput?.(text));
    }
    let crash: { readonly error: unknown } | undefined;
    worker.on('error', (error: unknown) => {
      crash = { error };
    });
    worker.on('exit', (code) => {
      this.#finish(crash === undefined ? { how: 'exit', code } : { how: 'crash', error: crash.error });
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
      on: (event, listener) => port2.on(event, listener),
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

  /** Ends the domain wherever it is, in a register access too. Its functions are in quarantine before this returns. */
  async destroy(): Promise<void> {
    this.#finish({ how: 'destroyed' });
    await this.#worker?.terminate();
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

  #finish(end: DomainEnd): void {
    if (this.#over) return;
    this.#over = true;
    const { loop, assignment, pirqs } = this.#around;
    loop.remove(this.#calls);
    assignment.takeAway(this.id);
    pirqs.releaseAll(this.id);
    this.#wake.port1.close();
    if (this.#worker === undefined) this.memory.free();
    this.#settle(end);
  }
}
