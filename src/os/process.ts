/** Another process: whether it is still the same one, signals to it, and copies of its memory. */
import { closeSync, readFileSync } from 'node:fs';
import { SystemCallError } from './errors.js';
import { koffi, lastErrno, systemLibrary, type AsyncNativeFunction, type NativeFunction } from './library.js';

/** Numbers of system calls that are the same on every architecture (since Linux 5.1). */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
/** siginfo_t: si_signo, si_errno, si_code, then at 16 si_pid, si_uid and si_value. */
const SIGINFO_BYTES = 128;
const SI_QUEUE = -1;
const ROOT = 0;

/**
 * Copies at a time, of the 4 that libuv's threads could make: one waits as long as a page of its process lets it wait
 * (a file system in user space, userfaultfd), and the others of those threads are for Node's own work.
 */
const MOST_COPIES = 2;

let syscall: NativeFunction | undefined;
let copies: { readonly read: AsyncNativeFunction; readonly write: AsyncNativeFunction } | undefined;

/** The process that a thread is of; undefined when there is none of this number. */
export function processOf(thread: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${thread}/status`, 'latin1');
    const [, group] = /^Tgid:\t(\d+)$/m.exec(status) ?? [];
    return group === undefined ? undefined : Number(group);
  } catch {
    return undefined;
  }
}

/** One process, whatever becomes of its number. */
export class ProcessHandle implements Disposable {
  readonly pid: number;
  #fd: number | undefined;

  /** `thread` is the number of any of its threads. @throws {SystemCallError} it is not there. */
  constructor(thread: number) {
    const pid = processOf(thread);
    if (pid === undefined) throw new SystemCallError('pidfd_open', `process ${thread}`, 'ESRCH');
    // Fixed arguments: the calling convention of x86-64 and arm64 Linux passes them like variadic ones.
    syscall ??= systemLibrary().bind(
      'long syscall(long number, long first, long second, void *third, long fourth)',
    );
    const fd = syscall(SYS_PIDFD_OPEN, pid, 0, null, 0);
    if (typeof fd !== 'number' || fd < 0)
      throw new SystemCallError('pidfd_open', `process ${pid}`, lastErrno());
    this.pid = pid;
    this.#fd = fd;
  }

  /** Whether a thread, which runs now, is of this process. */
  has(thread: number): boolean {
    // As long as it has not been waited for, no other process can have its number.
    return processOf(thread) === this.pid && this.#send(0, null);
  }

  /**
   * Sends a signal with a value, as sigqueue(3) does for the user `sender`, who may not signal a set-uid program that has
   * taken another user's place (kill(2)). @returns false when it could not be sent: the process is gone, or has changed so.
   */
  signal(signal: number, value: bigint, sender: number): boolean {
    if (sender !== ROOT && !this.#isOf(sender)) return false;
    const info = new DataView(new ArrayBuffer(SIGINFO_BYTES));
    info.setInt32(0, signal, true);
    info.setInt32(8, SI_QUEUE, true);
    info.setInt32(16, process.pid, true);
    info.setUint32(20, process.getuid?.() ?? 0, true);
    info.setBigUint64(24, value, true);
    return this.#send(signal, new Uint8Array(info.buffer));
  }

  /** Its real or its saved user is this one. */
  #isOf(uid: number): boolean {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
      const [, real, saved] = /^Uid:\t(\d+)\t\d+\t(\d+)/m.exec(status) ?? [];
      return Number(real) === uid || Number(saved) === uid;
    } catch {
      return false;
    }
  }

  #send(signal: number, info: Uint8Array | null): boolean {
    if (this.#fd === undefined || syscall === undefined) return false;
    return syscall(SYS_PIDFD_SEND_SIGNAL, this.#fd, signal, info, 0) === 0;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/**
 * Copies memory of a process into ours. It runs beside the event loop: pages that a file system of our own has are
 * answered meanwhile. `into` must not be on the engine's heap: a page at least, or shared.
 * @returns whether all of it was there and we may read it.
 */
export async function readProcessMemory(pid: number, address: bigint, into: Uint8Array): Promise<boolean> {
  return copy('read', pid, address, into);
}

/** The other way. @returns whether all of it was there, could be written, and we may. */
export async function writeProcessMemory(pid: number, address: bigint, from: Uint8Array): Promise<boolean> {
  return copy('write', pid, address, from);
}

let copying = 0;
const waiting: (() => void)[] = [];

async function copy(way: 'read' | 'write', pid: number, address: bigint, ours: Uint8Array): Promise<boolean> {
  if (ours.length === 0) return true;
  // Who waits is given the place of who is done.
  if (copying < MOST_COPIES) copying++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await copyNow(way, pid, address, ours);
  } finally {
    const next = waiting.shift();
    if (next === undefined) copying--;
    else next();
  }
}

async function copyNow(
  way: 'read' | 'write',
  pid: number,
  address: bigint,
  ours: Uint8Array,
): Promise<boolean> {
  const { length } = ours;
  const arguments_ =
    'int pid, void *ours, unsigned long one, void *theirs, unsigned long another, unsigned long flags';
  copies ??= {
    read: systemLibrary().bindAsync(`int64_t process_vm_readv(${arguments_})`),
    write: systemLibrary().bindAsync(`int64_t process_vm_writev(${arguments_})`),
  };
  // Two struct iovec, in memory that does not move.
  const local = new BigUint64Array(new ArrayBuffer(16));
  const remote = new BigUint64Array(new ArrayBuffer(16));
  local.set([koffi('memory of a process').address(ours), BigInt(length)]);
  remote.set([address, BigInt(length)]);
  const copied = await copies[way](pid, local, 1, remote, 1, 0);
  return Number(copied) === length;
}
