/** The way of a command, from the doorbell of its queue to its completion and its interrupt. */
import type { ModelBus } from '../../device-model.js';
import { executeAdmin, type AdminState } from './admin-commands.js';
import { BlockCommands, firstBlock } from './block-commands.js';
import { COMMAND_BYTES, decodeCommand, type Command, type Outcome } from './command.js';
import { DataTransfer } from './data-transfer.js';
import { ERROR_EVENT, EventRequests } from './event-requests.js';
import { Features } from './features.js';
import type { Identity } from './identify.js';
import { ERROR_LOG, ErrorLog } from './logs.js';
import { QueueTable } from './queue-table.js';
import { COMPLETION_BYTES, type SubmissionQueue } from './queues.js';
import { ABORT_REQUESTED, INVALID_FIELD, SUCCESS } from './status.js';

export interface EngineOptions extends Identity {
  /** I/O queue pairs. */
  readonly queues: number;
  /** Nanoseconds from a command that waits to its completion. */
  readonly latency: number;
}

/** Where the admin queues are. */
export interface AdminQueues {
  readonly submissionBase: bigint;
  readonly submissionEntries: number;
  readonly completionBase: bigint;
  readonly completionEntries: number;
}

/** Information of an error event. */
const INVALID_DOORBELL = 0;
const INVALID_DOORBELL_VALUE = 1;
/** An error that belongs to no command. */
const NO_COMMAND = 0xffff;

/**
 * Each queue has one event of the machine's clock at most, and each event takes one command: whatever is written to
 * doorbells and queues, no doorbell does more than to set such an event.
 */
export class CommandEngine {
  /** Controller configuration has the entry sizes of I/O queues that there are. */
  entrySizesSet = false;
  readonly #bus: ModelBus;
  readonly #options: EngineOptions;
  readonly #onFatal: () => void;
  readonly #transfer: DataTransfer;
  readonly #blocks: BlockCommands;
  readonly #commandBytes = new Uint8Array(COMMAND_BYTES);
  readonly #entryBytes = new Uint8Array(COMPLETION_BYTES);
  readonly #queues: QueueTable;
  #admin: AdminState;
  #runs = false;
  #mask = 0;

  /** `onFatal`: the engine has stopped, since the host's queues cannot be reached. */
  constructor(options: EngineOptions, disk: Uint8Array, bus: ModelBus, onFatal: () => void) {
    this.#bus = bus;
    this.#options = options;
    this.#onFatal = onFatal;
    this.#transfer = new DataTransfer(bus);
    this.#blocks = new BlockCommands(disk, 2 ** options.blockPower, this.#transfer);
    this.#queues = new QueueTable();
    this.#admin = this.#freshAdmin(new ErrorLog());
  }

  start({ submissionBase, submissionEntries, completionBase, completionEntries }: AdminQueues): void {
    this.#queues.createAdmin(submissionBase, submissionEntries, completionBase, completionEntries);
    this.#runs = true;
  }

  /** A controller reset: queues and features go. `keepErrors`: it is not a power cycle. */
  stop(keepErrors: boolean): void {
    this.#runs = false;
    this.#queues.clear();
    this.#admin = this.#freshAdmin(keepErrors ? this.#admin.errors : new ErrorLog());
    this.mask = 0;
  }

  /** Vectors, by bit, that do not raise the pin. */
  get mask(): number {
    return this.#mask >>> 0;
  }

  set mask(mask: number) {
    this.#mask = mask;
    this.#updatePin();
  }

  tailDoorbell(id: number, tail: number): void {
    if (!this.#runs) return;
    const queue = this.#queues.submission(id);
    if (queue?.fillTo(tail) === true) this.#schedule(queue);
    else this.#badDoorbell(queue === undefined ? INVALID_DOORBELL : INVALID_DOORBELL_VALUE);
  }

  headDoorbell(id: number, head: number): void {
    if (!this.#runs) return;
    const queue = this.#queues.completion(id);
    const wasFull = queue?.room === 0;
    if (queue?.takeTo(head) !== true) {
      this.#badDoorbell(queue === undefined ? INVALID_DOORBELL : INVALID_DOORBELL_VALUE);
      return;
    }
    this.#updatePin();
    if (!wasFull) return;
    for (const waiting of this.#queues.submissions) {
      if (waiting?.completions === queue) this.#schedule(waiting);
    }
    if (id === 0) this.#tellEvents();
  }

  #badDoorbell(information: number): void {
    this.#admin.errors.record({
      queue: NO_COMMAND,
      id: NO_COMMAND,
      status: SUCCESS,
      namespace: 0,
      block: 0n,
    });
    this.#admin.events.raise({ type: ERROR_EVENT, information, page: ERROR_LOG });
    this.#tellEvents();
  }

  #schedule(queue: SubmissionQueue): void {
    if (queue.work !== undefined || queue.isEmpty || queue.completions.room === 0) return;
    queue.work = this.#bus.after(this.#options.latency, () => {
      queue.work = undefined;
      this.#take(queue);
    });
  }

  #take(queue: SubmissionQueue): void {
    // Another queue that shares the completions may have taken the last room; the head doorbell goes on.
    if (queue.completions.room === 0) return;
    if (this.#bus.dmaRead(queue.nextAddress, this.#commandBytes) === 'fault') {
      this.#fail();
      return;
    }
    const command = decodeCommand(new DataView(this.#commandBytes.buffer));
    queue.advance();
    const outcome = this.#execute(queue, command);
    if (outcome !== undefined) {
      this.#complete(queue, command.id, outcome);
      this.#recordError(queue, command, outcome);
    }
    this.#tellEvents();
    if (this.#runs) this.#schedule(queue);
  }

  #execute(queue: SubmissionQueue, command: Command): Outcome | undefined {
    if (command.fuse !== 0 || command.dataPointerType !== 0) return { status: INVALID_FIELD };
    if (queue.id === 0) return executeAdmin(this.#admin, command);
    return { status: this.#blocks.execute(command) };
  }

  #recordError(queue: SubmissionQueue, command: Command, { status }: Outcome): void {
    if (status === SUCCESS) return;
    const { id, namespace } = command;
    const block = queue.id === 0 ? 0n : firstBlock(command);
    this.#admin.errors.record({ queue: queue.id, id, status, namespace, block });
  }

  /** The queue has room. One DMA writes the entry, with the phase bit in its last dword. */
  #complete(queue: SubmissionQueue, id: number, { status, result = 0 }: Outcome): void {
    const { completions } = queue;
    const entry = new DataView(this.#entryBytes.buffer);
    entry.setUint32(0, result, true);
    entry.setUint16(8, queue.head, true);
    entry.setUint16(10, queue.id, true);
    entry.setUint16(12, id, true);
    entry.setUint16(14, (status << 1) | completions.phase, true);
    if (this.#bus.dmaWrite(completions.nextAddress, this.#entryBytes) === 'fault') {
      this.#fail();
      return;
    }
    completions.advance();
    if (completions.vector !== undefined) this.#bus.message(completions.vector);
    this.#updatePin();
  }

  #tellEvents(): void {
    const queue = this.#queues.submission(0);
    while (queue !== undefined && this.#runs && queue.completions.room > 0) {
      const told = this.#admin.events.take();
      if (told === undefined) return;
      this.#complete(queue, told.id, { status: SUCCESS, result: told.result });
    }
  }

  /** The abort command's own completion needs room beside the one of the request. */
  #abortEventRequest(id: number): boolean {
    const queue = this.#queues.submission(0);
    if (queue === undefined || queue.completions.room < 2 || !this.#admin.events.remove(id)) return false;
    this.#complete(queue, id, { status: ABORT_REQUESTED });
    return true;
  }

  /** Nothing goes on until the host resets the controller. */
  #fail(): void {
    this.#runs = false;
    for (const queue of this.#queues.submissions) queue?.work?.cancel();
    this.#onFatal();
  }

  /** The pin stands while an unmasked vector has completions that the host has not taken. */
  #updatePin(): void {
    let level = false;
    for (const queue of this.#queues.completions) {
      if (queue?.vector === undefined || queue.isEmpty) continue;
      // Only the first 32 vectors can be masked.
      if (queue.vector >= 32 || ((this.#mask >>> queue.vector) & 1) === 0) level = true;
    }
    this.#bus.setPin(level);
  }

  #freshAdmin(errors: ErrorLog): AdminState {
    return {
      identity: this.#options,
      transfer: this.#transfer,
      queues: this.#queues,
      features: new Features(this.#options.queues),
      events: new EventRequests(),
      errors,
      traffic: this.#blocks.traffic,
      now: () => this.#bus.now,
      entrySizesSet: () => this.entrySizesSet,
      vectors: () => (this.#bus.messages === 'none' ? 1 : this.#options.queues + 1),
      abortEventRequest: (id) => this.#abortEventRequest(id),
    };
  }
}
