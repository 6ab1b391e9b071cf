/** Calls on files: OPEN, READ, WRITE, IOCTL, POLL, INTERRUPT, RELEASE. A read or write of a register allocates nothing. */
import { constants } from 'node:os';
import { FileError, type Caller, type Errno, type OpenFile } from '../files/device-file.js';
import {
  In,
  InHeader,
  IOCTL_DATA,
  IOCTL_OUT,
  IoctlFlag,
  NON_BLOCKING,
  OpenFlag,
  POLL_SCHEDULE_NOTIFY,
} from './abi.js';
import { failure, failureOf, NO_ANSWER } from './answers.js';
import type { BackingFiles } from './backing-files.js';
import { Handles } from './handles.js';
import type { NodeTable } from './node-table.js';
import { OpenedFile } from './opened-file.js';
import { PendingAnswer, type AnswerSender } from './pending-answer.js';
import type { Reply } from './reply.js';
import type { Request } from './request.js';

/** POLLIN | POLLRDNORM, and POLLOUT | POLLWRNORM. */
const POLL_READ = 0x41;
const POLL_WRITE = 0x104;
/** Bytes of struct fuse_write_out. */
const WRITE_OUT = 8;

/** An open(2) that a file refused: its program gets the errno, and only the server can tell why. */
export interface OpenRefusal {
  readonly folder: string;
  readonly file: string;
  readonly caller: Caller;
  readonly error: FileError;
}

/** Where goes what is no answer at its own time: late answers, wake-ups, and what the server's owner is told. */
export interface CallOutlet {
  openRefused(refusal: OpenRefusal): void;
  /** @returns false when the kernel does not want it any more. */
  sendLate(low: number, high: number, error: number, data: Uint8Array): boolean;
  wakeSleeper(low: number, high: number): void;
}

export interface FileCallsParts {
  readonly request: Request;
  readonly reply: Reply;
  readonly nodes: NodeTable;
  readonly backings: BackingFiles;
  readonly late: CallOutlet;
  /** What was no refusal but a fault of ours, in an answer that came later. */
  readonly onFault: (error: unknown) => void;
}

export class FileCalls implements AnswerSender {
  readonly opened = new Handles<OpenedFile>();
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #nodes: NodeTable;
  readonly #backings: BackingFiles;
  readonly #late: CallOutlet;
  readonly #onFault: (error: unknown) => void;
  /** Reads that wait, by the number of their request. */
  readonly #waiting = new Map<number, { readonly pending: PendingAnswer; readonly of: OpenedFile }>();
  /** Given to the next read, which hardly ever keeps it. */
  #spare: PendingAnswer = new PendingAnswer(this);

  constructor(parts: FileCallsParts) {
    this.#request = parts.request;
    this.#reply = parts.reply;
    this.#nodes = parts.nodes;
    this.#backings = parts.backings;
    this.#late = parts.late;
    this.#onFault = parts.onFault;
  }

  /** @throws {FileError} of the file. */
  open(): number {
    const subject = this.#nodes.find(this.#request.node)?.subject;
    if (subject === undefined) return failure('ENOENT');
    if (subject.kind !== 'file') return failure('EISDIR');
    const { caller } = this.#request;
    let file: OpenFile;
    try {
      file = subject.file.open(caller);
    } catch (error) {
      const { folder, file: entry } = subject;
      if (error instanceof FileError)
        this.#late.openRefused({ folder: folder.name, file: entry.name, caller, error });
      throw error;
    }
    const backing = file.backing === undefined ? 0 : this.#backings.open(file.backing);
    const opened = new OpenedFile(subject.folder, subject.file, file, backing);
    file.onReadable?.(() => {
      if (opened.sleeper !== undefined) this.#late.wakeSleeper(...opened.sleeper);
    });
    const flags = OpenFlag.directIo | OpenFlag.noFlush | (backing === 0 ? 0 : OpenFlag.passthrough);
    return this.#reply.opened(this.opened.add(opened), flags, backing);
  }

  /** @throws {FileError} of the file. */
  read(): number {
    const request = this.#request;
    const opened = this.opened.get(request.number(In.transfer.handle));
    if (opened === undefined) return failure('EBADF');
    const size = request.word(In.transfer.size);
    if (size > this.#reply.room) return failure('EIO');
    const pending = this.#spare;
    pending.low = request.word(InHeader.unique);
    pending.high = request.word(InHeader.unique + 1);
    const nonBlocking = (request.word(In.transfer.flags) & NON_BLOCKING) !== 0;
    const offset = request.number(In.transfer.offset);
    const count = opened.file.read(offset, this.#reply.payload(size), pending, nonBlocking);
    if (count !== 'later') return count;
    this.#spare = new PendingAnswer(this);
    this.#waiting.set(pending.unique, { pending, of: opened });
    return NO_ANSWER;
  }

  /** @throws {FileError} of the file. */
  write(): number {
    const request = this.#request;
    const opened = this.opened.get(request.number(In.transfer.handle));
    if (opened === undefined) return failure('EBADF');
    const count = opened.file.write(request.number(In.transfer.offset), request.written());
    this.#reply.set32(0, count);
    this.#reply.set32(4, 0);
    return WRITE_OUT;
  }

  /** @throws {FileError} of the file. */
  ioctl(): number {
    const request = this.#request;
    const opened = this.opened.get(request.number(In.ioctl.handle));
    const flags = request.word(In.ioctl.flags);
    const foreign = (flags & (IoctlFlag.directory | IoctlFlag.compat)) !== 0;
    if (opened?.file.ioctl === undefined || foreign) return failure('ENOTTY');
    const inSize = request.word(In.ioctl.inSize);
    const outSize = request.word(In.ioctl.outSize);
    const size = Math.max(inSize, outSize);
    if (IOCTL_OUT + size > this.#reply.room) return failure('EINVAL');
    // With the head of its answer, and memory of its own: other requests may be answered before it.
    const answer = new Uint8Array(IOCTL_OUT + size);
    const argument = answer.subarray(IOCTL_OUT);
    argument.set(request.part(IOCTL_DATA, inSize));
    const result = opened.file.ioctl(request.word(In.ioctl.command), argument, request.caller);
    const sent = answer.subarray(0, IOCTL_OUT + outSize);
    if (typeof result === 'number') {
      this.#reply.payload(sent.length).set(ioctlAnswer(sent, result));
      return sent.length;
    }
    const [low, high] = [request.word(InHeader.unique), request.word(InHeader.unique + 1)];
    result.then(
      (value) => this.#late.sendLate(low, high, 0, ioctlAnswer(sent, value)),
      (error: unknown) => this.#late.sendLate(low, high, failureOf(error, this.#onFault), EMPTY),
    );
    return NO_ANSWER;
  }

  poll(): number {
    const request = this.#request;
    const opened = this.opened.get(request.number(In.poll.handle));
    if (opened === undefined) return failure('EBADF');
    if ((request.word(In.poll.flags) & POLL_SCHEDULE_NOTIFY) !== 0) {
      const { kernelHandle } = In.poll;
      opened.sleeper = [request.word(kernelHandle), request.word(kernelHandle + 1)];
    }
    this.#reply.set32(0, (opened.file.readable === false ? 0 : POLL_READ) | POLL_WRITE);
    this.#reply.set32(4, 0);
    return 8;
  }

  /** The caller of a request that waits got a signal. One that is answered already needs nothing. */
  interrupt(): void {
    const unique = this.#request.number(In.interrupt.unique);
    this.#waiting.get(unique)?.pending.end('EINTR');
  }

  release(): number {
    const opened = this.opened.take(this.#request.number(In.release.handle));
    if (opened !== undefined) this.#end(opened);
    return 0;
  }

  /** Nobody can use them any more: the mount is gone. */
  releaseAll(): void {
    for (const opened of this.opened.takeAll()) this.#end(opened);
  }

  #end(opened: OpenedFile): void {
    for (const { pending, of } of [...this.#waiting.values()]) if (of === opened) pending.end('EIO');
    opened.file.release();
    this.#backings.close(opened.backing);
  }

  answerRead(pending: PendingAnswer, data: Uint8Array): boolean {
    this.#waiting.delete(pending.unique);
    return this.#late.sendLate(pending.low, pending.high, 0, data);
  }

  failRead(pending: PendingAnswer, errno: Errno): void {
    this.#waiting.delete(pending.unique);
    this.#late.sendLate(pending.low, pending.high, -constants.errno[errno], EMPTY);
  }
}

/** struct fuse_ioctl_out: s32 result, and 12 bytes that are 0. */
function ioctlAnswer(answer: Uint8Array, result: number): Uint8Array {
  new DataView(answer.buffer).setInt32(0, result, true);
  return answer;
}

const EMPTY = new Uint8Array();
