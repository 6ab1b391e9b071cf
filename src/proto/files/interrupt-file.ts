/** Interrupt files, `intx`, `msi0`, `msix12`: open switches the source on, a read waits for it and counts. */
import {
  InterruptError,
  type Interrupt,
  type InterruptSource,
  type InterruptStream,
} from '../../function/index.js';
import type { ProcessHandle } from '../../os/index.js';
import { OpenslotError } from '../../pci/index.js';
import { PROTO_IOC_BUSDMA } from '../abi/busdma-request.js';
import { processOfCaller } from './client-memory.js';
import { FileError, type Caller, type DeviceFile, type OpenFile, type PendingRead } from './device-file.js';
import type { FileSource } from './function-folder.js';
import type { DeviceUse, SharedDevice } from './shared-device.js';
import { PROTO_IOC_SIGNAL, signalRequest } from '../abi/interrupt-request.js';
import { PROTO_IOC_REGION } from '../abi/ioctl-numbers.js';

/** Reads that wait on one open file: a program's threads. */
const MOST_WAITING = 256;
const LAST_SIGNAL = 64;
/** What a write acknowledges with, as to a UIO device: the source may interrupt again. */
const ACKNOWLEDGE = 1;
const MOST_IN_32_BITS = 0xffff_ffff;

/** Source of the interrupt files of a folder: one for each vector that can be had. */
export const interruptFiles: FileSource = (folder, { interrupts }) => {
  if (interrupts === undefined) return [];
  const { intx, msi, msix } = interrupts.available;
  const messages = (kind: 'msi' | 'msix', count: number) =>
    Array.from({ length: count }, (_, vector) => new InterruptFile(folder, { kind, vector }));
  return [
    ...(intx > 0 ? [new InterruptFile(folder, { kind: 'intx' })] : []),
    ...messages('msi', msi),
    ...messages('msix', msix),
  ];
};

export class InterruptFile implements DeviceFile {
  readonly name: string;
  readonly size = 0;
  readonly #folder: SharedDevice;
  readonly #source: InterruptSource;

  constructor(folder: SharedDevice, source: InterruptSource) {
    this.name = source.kind === 'intx' ? 'intx' : `${source.kind}${source.vector}`;
    this.#folder = folder;
    this.#source = source;
  }

  /** EBUSY also while a file of another kind is open: messages disconnect the pin and each other. */
  open(caller: Caller): OpenFile {
    const use = this.#folder.use(this.name, caller);
    try {
      const { interrupts } = use.device;
      if (interrupts === undefined)
        throw new FileError('ENXIO', `${this.#folder.name} has no interrupts any more`);
      return new OpenInterrupt(use, interrupts.open(this.#source), this.#source.kind === 'intx');
    } catch (cause) {
      use[Symbol.dispose]();
      throw asFileError(cause);
    }
  }
}

/** Why a source cannot be opened, as an errno. */
function asFileError(cause: unknown): unknown {
  if (!(cause instanceof OpenslotError)) return cause;
  const taken = cause instanceof InterruptError && cause.code === 'INTERRUPT_TAKEN';
  const absent = !(cause instanceof InterruptError) || cause.code === 'INTERRUPT_ABSENT';
  return new FileError(taken ? 'EBUSY' : absent ? 'ENXIO' : 'EIO', cause.message, { cause });
}

/** A read that waits, with the bytes that it wants. */
interface Waiting {
  readonly pending: PendingRead;
  readonly bytes: number;
}

/** Signals that a program asked for: one each time that the file becomes readable. */
interface Signals {
  readonly process: ProcessHandle;
  readonly signal: number;
  readonly value: bigint;
  /** Who asked for them. */
  readonly uid: number;
}

class OpenInterrupt implements OpenFile {
  readonly #use: DeviceUse;
  readonly #stream: InterruptStream;
  readonly #iterator: AsyncIterator<Interrupt>;
  /** A level source is masked from each interrupt on until it is acknowledged. */
  readonly #level: boolean;
  readonly #waiting: Waiting[] = [];
  #wake: (() => void) | undefined;
  #signals: Signals | undefined;
  /** Interrupts that no read has told of. */
  #count = 0;
  /** A level source was told of, and stays masked until the program has dealt with it. */
  #unacknowledged = false;
  #ended = false;

  constructor(use: DeviceUse, stream: InterruptStream, level: boolean) {
    this.#use = use;
    this.#stream = stream;
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#level = level;
    use.onRemoved(() => {
      this.#end();
    });
    this.#awaitNext();
  }

  get readable(): boolean {
    return this.#count > 0 || this.#ended;
  }

  onReadable(wake: () => void): void {
    this.#wake = wake;
  }

  /** Asks for the next one, so it acknowledges the one that was read before. */
  read(_offset: number, into: Uint8Array, pending: PendingRead, nonBlocking: boolean): number | 'later' {
    const bytes = into.length;
    if (bytes !== 4 && bytes !== 8) throw new FileError('EINVAL', 'a count has 4 or 8 bytes');
    this.#acknowledge();
    if (this.#count > 0) {
      this.#took(put(into, this.#count));
      return bytes;
    }
    if (this.#ended) throw gone();
    if (nonBlocking) throw new FileError('EAGAIN', 'there was no interrupt');
    if (this.#waiting.length >= MOST_WAITING) throw new FileError('EBUSY', 'too many reads wait already');
    const waiting = { pending, bytes };
    this.#waiting.push(waiting);
    pending.onGone(() => {
      const index = this.#waiting.indexOf(waiting);
      if (index >= 0) this.#waiting.splice(index, 1);
    });
    return 'later';
  }

  write(_offset: number, from: Uint8Array): number {
    if (from.length !== 4 || new DataView(from.buffer, from.byteOffset, 4).getUint32(0, true) !== ACKNOWLEDGE)
      throw new FileError('EINVAL', 'an interrupt is acknowledged by the number 1 in 4 bytes');
    if (this.#ended) throw gone();
    this.#acknowledge();
    return 4;
  }

  ioctl(request: number, argument: Uint8Array, caller: Caller): number {
    if (request === PROTO_IOC_REGION || request === PROTO_IOC_BUSDMA)
      throw new FileError('EINVAL', 'that is no request to an interrupt');
    if (request !== PROTO_IOC_SIGNAL) throw new FileError('ENOTTY', 'an interrupt has no such request');
    const { signal, reserved, value } = signalRequest(argument);
    if (signal > LAST_SIGNAL || reserved !== 0) throw new FileError('EINVAL', `there is no signal ${signal}`);
    if (this.#ended) throw gone();
    this.#endSignals();
    if (signal === 0) return 0;
    this.#signals = { process: processOfCaller(caller), signal, value, uid: caller.uid };
    // What waits to be read was told of by nothing yet.
    if (this.#count > 0) this.#signal();
    return 0;
  }

  release(): void {
    this.#end();
    this.#endSignals();
    this.#use[Symbol.dispose]();
  }

  #acknowledge(): void {
    if (!this.#unacknowledged) return;
    this.#unacknowledged = false;
    this.#awaitNext();
  }

  /** Taking the next one from the port lets a level source through again. */
  #awaitNext(): void {
    this.#iterator.next().then(
      ({ done, value }) => {
        if (done === true) this.#end();
        else this.#arrived(value.count);
      },
      () => {
        this.#end();
      },
    );
  }

  #arrived(count: number): void {
    if (this.#ended) return;
    const first = this.#count === 0;
    this.#count += count;
    if (!this.#level) this.#awaitNext();
    this.#answerReads();
    if (!first || this.#count === 0) return;
    this.#signal();
    this.#wake?.();
  }

  #answerReads(): void {
    while (this.#count > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const data = new Uint8Array(next.bytes);
      const told = put(data, this.#count);
      // One who was interrupted meanwhile takes nothing.
      if (next.pending.answer(data)) this.#took(told);
    }
  }

  #took(count: number): void {
    this.#count -= count;
    if (this.#level) this.#unacknowledged = true;
  }

  #signal(): void {
    const signals = this.#signals;
    if (signals === undefined) return;
    const { process, signal, value, uid } = signals;
    if (!process.signal(signal, value, uid)) this.#endSignals();
  }

  #endSignals(): void {
    this.#signals?.process[Symbol.dispose]();
    this.#signals = undefined;
  }

  /** The file is closed, or its function is gone: reads that wait are told. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream[Symbol.dispose]();
    for (const { pending } of this.#waiting.splice(0)) pending.fail('ENXIO');
    this.#wake?.();
  }
}

function gone(): FileError {
  return new FileError('ENXIO', 'the function is gone');
}

/** As many as fit into the bytes that were asked for; the rest is told next time. @returns how many. */
function put(into: Uint8Array, count: number): number {
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  if (into.length === 8) {
    view.setBigUint64(0, BigInt(count), true);
    return count;
  }
  const told = Math.min(count, MOST_IN_32_BITS);
  view.setUint32(0, told, true);
  return told;
}
