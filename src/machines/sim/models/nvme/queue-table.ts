/** Which queues exist, and the commands that create and delete I/O queues (NVM Express 1.4, 5.3 to 5.6). */
import type { Command } from './command.js';
import type { Features } from './features.js';
import { PAGE_BYTES } from './prp.js';
import { CompletionQueue, SubmissionQueue } from './queues.js';
import {
  INVALID_COMPLETION_QUEUE,
  INVALID_FIELD,
  INVALID_INTERRUPT_VECTOR,
  INVALID_QUEUE_DELETION,
  INVALID_QUEUE_IDENTIFIER,
  INVALID_QUEUE_SIZE,
  PRP_OFFSET_INVALID,
  SUCCESS,
  type Status,
} from './status.js';

/** Entries of the largest I/O queue. */
export const LARGEST_QUEUE = 1024;
const CONTIGUOUS = 1;
const INTERRUPTS = 2;

export class QueueTable {
  /** By identifier; 0 is the admin queue. */
  readonly #submission: (SubmissionQueue | undefined)[] = [];
  readonly #completion: (CompletionQueue | undefined)[] = [];

  submission(id: number): SubmissionQueue | undefined {
    return this.#submission[id];
  }

  completion(id: number): CompletionQueue | undefined {
    return this.#completion[id];
  }

  get submissions(): readonly (SubmissionQueue | undefined)[] {
    return this.#submission;
  }

  get completions(): readonly (CompletionQueue | undefined)[] {
    return this.#completion;
  }

  get hasIoQueues(): boolean {
    return [...this.#submission, ...this.#completion].some((queue) => queue !== undefined && queue.id !== 0);
  }

  createAdmin(
    submissionBase: bigint,
    submissions: number,
    completionBase: bigint,
    completions: number,
  ): void {
    const queue = new CompletionQueue(0, completionBase, completions, 0);
    this.#completion[0] = queue;
    this.#addSubmission(new SubmissionQueue(0, submissionBase, submissions, queue));
  }

  /** Nothing of any queue goes on. */
  clear(): void {
    for (const queue of this.#submission) queue?.work?.cancel();
    this.#submission.length = 0;
    this.#completion.length = 0;
  }

  createCompletion(command: Command, features: Features, vectors: number): Status {
    const { id, entries, flags, upper } = shape(command);
    if (id === 0 || id > features.completionQueues || this.#completion[id] !== undefined) {
      return INVALID_QUEUE_IDENTIFIER;
    }
    if (entries < 2 || entries > LARGEST_QUEUE) return INVALID_QUEUE_SIZE;
    if (command.prp1 % BigInt(PAGE_BYTES) !== 0n) return PRP_OFFSET_INVALID;
    if (upper >= vectors) return INVALID_INTERRUPT_VECTOR;
    if ((flags & CONTIGUOUS) === 0) return INVALID_FIELD;
    const vector = (flags & INTERRUPTS) === 0 ? undefined : upper;
    this.#completion[id] = new CompletionQueue(id, command.prp1, entries, vector);
    return SUCCESS;
  }

  createSubmission(command: Command, features: Features): Status {
    const { id, entries, flags, upper } = shape(command);
    const completions = upper === 0 ? undefined : this.#completion[upper];
    if (completions === undefined) return INVALID_COMPLETION_QUEUE;
    if (id === 0 || id > features.submissionQueues || this.#submission[id] !== undefined) {
      return INVALID_QUEUE_IDENTIFIER;
    }
    if (entries < 2 || entries > LARGEST_QUEUE) return INVALID_QUEUE_SIZE;
    if (command.prp1 % BigInt(PAGE_BYTES) !== 0n) return PRP_OFFSET_INVALID;
    if ((flags & CONTIGUOUS) === 0) return INVALID_FIELD;
    this.#addSubmission(new SubmissionQueue(id, command.prp1, entries, completions));
    return SUCCESS;
  }

  /** Commands that were not taken yet are forgotten with it. */
  deleteSubmission(command: Command): Status {
    const id = command.dword10 & 0xffff;
    const queue = id === 0 ? undefined : this.#submission[id];
    if (queue === undefined) return INVALID_QUEUE_IDENTIFIER;
    queue.work?.cancel();
    queue.completions.users--;
    this.#submission[id] = undefined;
    return SUCCESS;
  }

  deleteCompletion(command: Command): Status {
    const id = command.dword10 & 0xffff;
    const queue = id === 0 ? undefined : this.#completion[id];
    if (queue === undefined) return INVALID_QUEUE_IDENTIFIER;
    if (queue.users > 0) return INVALID_QUEUE_DELETION;
    this.#completion[id] = undefined;
    return SUCCESS;
  }

  #addSubmission(queue: SubmissionQueue): void {
    queue.completions.users++;
    this.#submission[queue.id] = queue;
  }
}

/** Both creating commands have the same fields; `upper` is the vector of the one, the completion queue of the other. */
function shape({ dword10, dword11 }: Command) {
  return {
    id: dword10 & 0xffff,
    entries: (dword10 >>> 16) + 1,
    flags: dword11 & 0xffff,
    upper: dword11 >>> 16,
  };
}
