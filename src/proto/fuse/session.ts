/** One mount's conversation with the kernel: requests are read from /dev/fuse as they come, and each is answered on this thread. */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { onReadable, readOnce, writeOnce, yieldProcessor, type Readiness } from '../../os/index.js';
import type { DeviceFolders } from '../files/device-folder.js';
import { InHeader, Notify, Opcode, RECEIVE_BYTES } from './abi.js';
import { failure, failureOf, NO_ANSWER } from './answers.js';
import { BackingFiles } from './backing-files.js';
import { FileCalls, type CallOutlet, type OpenRefusal } from './file-calls.js';
import { FolderCalls, type Ownership } from './folder-calls.js';
import { negotiate } from './negotiation.js';
import { Reply } from './reply.js';
import { Request } from './request.js';

/** The longest answer: an ioctl's argument, whose length has 14 bits, or a piece of a listing. */
const REPLY_BYTES = 16 * 1024 + 64;

/**
 * Requests before the event loop has its turn: interrupts, timers, other terminals. A program that was answered asks again
 * as soon as it runs, and the way through the event loop costs a third of a request.
 */
const BURST = 64;

export interface SessionOptions {
  /** An open /dev/fuse that is mounted, or about to be; the session closes it. */
  readonly fd: number;
  readonly folders: DeviceFolders;
  readonly ownership: Ownership;
  /** Once, when the mount is gone: unmounted by us or by anybody, or its connection aborted. */
  readonly onEnd: () => void;
  /** What was no refusal but a fault of ours; the caller got EIO. */
  readonly onFault: (error: unknown) => void;
  readonly onRefusal?: (refusal: OpenRefusal) => void;
}

export class FuseSession implements CallOutlet, Disposable {
  readonly #fd: number;
  readonly #request = new Request(RECEIVE_BYTES);
  readonly #reply = new Reply(REPLY_BYTES);
  /** For what is sent between requests, whose own answer must stay as it is. */
  readonly #late = new Reply(REPLY_BYTES);
  readonly #options: SessionOptions;
  readonly #backings: BackingFiles;
  readonly #foldersCalls: FolderCalls;
  readonly #files: FileCalls;
  readonly #readiness: Readiness;
  #open = true;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#fd = options.fd;
    this.#backings = new BackingFiles(options.fd);
    this.#foldersCalls = new FolderCalls(this.#request, this.#reply, options.folders, options.ownership);
    this.#files = new FileCalls({
      request: this.#request,
      reply: this.#reply,
      nodes: this.#foldersCalls.nodes,
      backings: this.#backings,
      late: this,
      onFault: options.onFault,
    });
    this.#readiness = onReadable(options.fd, () => {
      this.#receive();
    });
  }

  /** Files that are open now. */
  get openFiles(): number {
    return this.#files.opened.size;
  }

  /** A burst of requests at each call: what else there is to do comes to its turn between two. */
  #receive(): void {
    for (let left = BURST; left > 0; left--) {
      // On one processor, most programs have run and asked again when our answer is written. Others get their turn here.
      if (this.#receiveOne()) continue;
      yieldProcessor();
      if (!this.#receiveOne()) return;
    }
  }

  /** @returns whether a request was served. */
  #receiveOne(): boolean {
    if (!this.#open) return false;
    const count = readOnce(this.#fd, this.#request.bytes);
    if (count > 0) {
      this.#serve();
      return true;
    }
    const { EAGAIN, EINTR, ENOENT } = constants.errno;
    // ENOENT: the request's caller was killed before we took it.
    if (count === -EAGAIN || count === -EINTR || count === -ENOENT) return false;
    // ENODEV: the mount is gone. Whatever else it is, nothing comes after it.
    this.#end();
    return false;
  }

  #serve(): void {
    let result: number;
    try {
      result = this.#call(this.#request.opcode);
    } catch (error) {
      result = failureOf(error, this.#options.onFault);
    }
    if (result === NO_ANSWER) return;
    const low = this.#request.word(InHeader.unique);
    const high = this.#request.word(InHeader.unique + 1);
    const length =
      result < 0 ? this.#reply.head(low, high, result, 0) : this.#reply.head(low, high, 0, result);
    // ENOENT: the caller does not wait any more. ENODEV: the next read tells of it.
    writeOnce(this.#fd, this.#reply.bytes, length);
  }

  #call(opcode: number): number {
    switch (opcode) {
      case Opcode.read:
        return this.#files.read();
      case Opcode.write:
        return this.#files.write();
      case Opcode.lookup:
        return this.#foldersCalls.lookup();
      case Opcode.getattr:
        return this.#foldersCalls.getattr();
      case Opcode.setattr:
        return this.#foldersCalls.setattr();
      case Opcode.open:
        return this.#files.open();
      case Opcode.release:
        return this.#files.release();
      case Opcode.ioctl:
        return this.#files.ioctl();
      case Opcode.poll:
        return this.#files.poll();
      case Opcode.opendir:
        return this.#foldersCalls.opendir();
      case Opcode.readdir:
        return this.#foldersCalls.readdir();
      case Opcode.releasedir:
        return this.#foldersCalls.releasedir();
      case Opcode.forget:
        this.#foldersCalls.forget();
        return NO_ANSWER;
      case Opcode.batchForget:
        this.#foldersCalls.batchForget();
        return NO_ANSWER;
      case Opcode.interrupt:
        this.#files.interrupt();
        return NO_ANSWER;
      case Opcode.init:
        return this.#negotiate();
      case Opcode.statfs:
        return this.#statistics();
      case Opcode.flush:
      case Opcode.fsync:
      case Opcode.fsyncdir:
      case Opcode.destroy:
        return 0;
      default:
        // Of changes of the tree, whose folders say to everybody but root that they cannot be written.
        return isChange(opcode) ? failure('EPERM') : failure('ENOSYS');
    }
  }

  #negotiate(): number {
    const { length, agreement } = negotiate(this.#request, this.#reply);
    this.#backings.allowed = agreement?.passthrough ?? false;
    return length;
  }

  /** struct fuse_kstatfs: no blocks, names of up to 255 bytes. */
  #statistics(): number {
    this.#reply.clear(STATFS_OUT);
    this.#reply.set32(40, 4096);
    this.#reply.set32(44, 255);
    this.#reply.set32(48, 4096);
    return STATFS_OUT;
  }

  openRefused(refusal: OpenRefusal): void {
    this.#options.onRefusal?.(refusal);
  }

  sendLate(low: number, high: number, error: number, data: Uint8Array): boolean {
    if (!this.#open) return false;
    this.#late.payload(data.length).set(data);
    return writeOnce(this.#fd, this.#late.bytes, this.#late.head(low, high, error, data.length)) > 0;
  }

  /** struct fuse_notify_poll_wakeup_out: a message of number 0, whose error is the notification's code. */
  wakeSleeper(low: number, high: number): void {
    if (!this.#open) return;
    this.#late.set32(0, low);
    this.#late.set32(4, high);
    writeOnce(this.#fd, this.#late.bytes, this.#late.head(0, 0, Notify.poll, 8));
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#readiness.close();
    this.#files.releaseAll();
    closeSync(this.#fd);
    this.#options.onEnd();
  }

  /** Ends it without unmounting: calls on the files that are left answer ENOTCONN. */
  [Symbol.dispose](): void {
    this.#end();
  }
}

const STATFS_OUT = 80;

/** SYMLINK, MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK, CREATE, RENAME2, TMPFILE. */
const CHANGES: ReadonlySet<number> = new Set([6, 8, 9, 10, 11, 12, 13, 35, 45, 51]);

function isChange(opcode: number): boolean {
  return CHANGES.has(opcode);
}
