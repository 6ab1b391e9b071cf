/** QEMU as a child: a q35 whose processor rests, with memory and sockets that it inherits, and nothing of it in a file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { LifeLine, MemoryFile, openSocketPair, type SocketPair } from '../../os/index.js';
import { OWN_ID } from './arguments.js';
import { Doorbell, DOORBELL_VECTORS } from './doorbell.js';
import { QemuEndedError, QemuMissingError } from './errors.js';
import { Monitor } from './monitor.js';

/** Descriptors in the child, in the order of its `stdio`. */
const QTEST = 3;
const MONITOR = 4;
const DOORBELL = 5;
const MEMORY = 6;
const FIRMWARE = 7;

const FIRMWARE_BYTES = 0x1_0000;
/** Where a processor begins after reset, in the last bytes of the firmware. */
const RESET_VECTOR = 0xfff0;
const HALT = 0xf4;
/** Interrupts off, halt, and back to the halt. */
const REST_FOR_EVER = [0xfa, HALT, 0xeb, 0xfd];
/** The last of what QEMU says that is kept for messages. */
const KEPT_CHARACTERS = 4000;
/** Function 7 of the chip set's device, where nobody looks for a free place. */
export const DOORBELL_DEVFN = 0x1f * 8 + 7;

export interface QemuOptions {
  /** The program and what comes before QEMU's own arguments, such as a loader of libraries. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: NodeJS.ProcessEnv;
  /** What the user gives. */
  readonly given: readonly string[];
  /** Bytes of memory; a multiple of 1 MiB. */
  readonly memory: number;
  /** Milliseconds that QEMU may take to make its devices. */
  readonly patience: number;
}

export class QemuProcess {
  readonly monitor: Monitor;
  readonly doorbell: Doorbell;
  /** Our end of the qtest socket. */
  readonly qtest: number;
  /** The machine's memory. */
  readonly memory: MemoryFile;
  readonly #child: ChildProcess;
  readonly #doorbellSocket: number;
  readonly #lifeLine: LifeLine;
  readonly #said: () => string;
  #ended: string | undefined;
  #open = true;

  /** @throws {QemuMissingError} @throws {QemuEndedError} it refuses an argument, or does not start in time. */
  static async start(options: QemuOptions): Promise<QemuProcess> {
    const process = new QemuProcess(options);
    try {
      await process.#started(options);
    } catch (cause) {
      closeSync(process.qtest);
      process.close();
      process.memory.close();
      throw cause;
    }
    return process;
  }

  private constructor({ command, environment, given, memory: bytes }: QemuOptions) {
    const [program, ...before] = command;
    const opened: (() => void)[] = [];
    try {
      const qtest = openSocketPair('qtest');
      opened.push(qtest[Symbol.dispose]);
      const doorbell = openSocketPair('the doorbell');
      opened.push(doorbell[Symbol.dispose]);
      const lifeLine = new LifeLine();
      opened.push(() => {
        lifeLine[Symbol.dispose]();
      });
      const memory = new MemoryFile('openslot-memory', bytes);
      opened.push(() => {
        memory.close();
      });
      const firmware = restingFirmware();
      opened.push(() => {
        firmware.close();
      });
      this.#child = spawn(program, [...before, ...argumentsOf(bytes), ...given], {
        env: environment ?? process.env,
        // A group of its own: Ctrl-C in our terminal is for us, and the life line ends QEMU when we end.
        detached: true,
        stdio: [
          ...(['ignore', 'ignore', 'pipe'] as const),
          qtest.others,
          'pipe',
          doorbell.others,
          memory.fd,
          firmware.fd,
          lifeLine.others,
        ],
      });
      this.monitor = new Monitor(pipeOf(this.#child, MONITOR));
      for (const { others } of [qtest, doorbell] satisfies SocketPair[]) closeSync(others);
      firmware.close();
      this.#said = lastWords(this.#child);
      this.qtest = qtest.own;
      this.#doorbellSocket = doorbell.own;
      this.#lifeLine = lifeLine;
      this.memory = memory;
      this.doorbell = new Doorbell();
    } catch (cause) {
      for (const close of opened) close();
      throw cause;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Why it ended, with the last that it said; undefined while it runs. */
  get ended(): QemuEndedError | undefined {
    return this.#ended === undefined
      ? undefined
      : new QemuEndedError('QEMU_ENDED', this.#ended, this.#said());
  }

  /** Ends it, if it has not ended. {@link qtest} and {@link memory} are closed by whoever uses them. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.monitor.close();
    this.#child.kill('SIGKILL');
    this.#lifeLine[Symbol.dispose]();
    closeSync(this.#doorbellSocket);
    this.doorbell.close();
  }

  async #started({ command: [program], patience }: QemuOptions): Promise<void> {
    const child = this.#child;
    if (child.pid !== undefined) {
      // First of the two: as long as the doorbell is not introduced, QEMU ends by itself when we do.
      this.#lifeLine.bind(child.pid);
      this.doorbell.introduce(this.#doorbellSocket);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(new QemuMissingError(program, error.code ?? error.message, { cause: error }));
      });
      child.once('close', (code, signal) => {
        this.#ended = `QEMU ended with ${signal ?? String(code)}`;
        reject(
          new QemuEndedError('QEMU_NOT_STARTED', this.#ended, this.#said(), argumentsHint(this.#said())),
        );
      });
      timer = setTimeout(() => {
        reject(new QemuEndedError('QEMU_NOT_STARTED', `QEMU did not start in ${patience} ms`, this.#said()));
      }, patience);
    });
    try {
      // It greets before it makes its devices: a monitor that fails does so because QEMU ends.
      await Promise.race([this.monitor.ready.catch(() => ended), ended]);
    } finally {
      clearTimeout(timer);
      ended.catch(() => undefined);
    }
    // It ends with us, so it is no reason for us to stay.
    child.unref();
    for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
  }
}

/** @throws {QemuEndedError} there is none: without descriptors for pipes nothing was started. */
function pipeOf(child: ChildProcess, number: number): Socket {
  // Its type does not tell that there may be none.
  const { stdio } = child as { readonly stdio?: ChildProcess['stdio'] };
  const pipe = stdio?.[number];
  if (pipe instanceof Socket) return pipe;
  // It says the same on the next turn.
  child.on('error', () => undefined);
  throw new QemuEndedError(
    'QEMU_NOT_STARTED',
    'QEMU did not start: this process has too many files open',
    '',
  );
}

function argumentsHint(said: string): string {
  return /not a valid device model name/.test(said) ? 'qemu-system-x86_64 -device help' : '';
}

function argumentsOf(memory: number): string[] {
  const id = (name: string) => `${OWN_ID}${name}`;
  const socket = (name: string, fd: number) => ['-chardev', `socket,id=${name},fd=${fd}`];
  return [
    ...['-machine', `q35,memory-backend=${id('memory')}`, '-accel', 'tcg', '-no-user-config', '-nodefaults'],
    ...[
      '-display',
      'none',
      '-no-shutdown',
      '-m',
      String(memory / 0x10_0000),
      '-bios',
      `/proc/self/fd/${FIRMWARE}`,
    ],
    '-object',
    `memory-backend-file,id=${id('memory')},size=${memory},mem-path=/proc/self/fd/${MEMORY},share=on`,
    // The server looks for a character device of this name.
    ...[...socket('qtest', QTEST), '-qtest', 'chardev:qtest', '-qtest-log', '/dev/null'],
    ...[...socket(id('monitor'), MONITOR), '-mon', `chardev=${id('monitor')},mode=control`],
    ...socket(id('doorbell'), DOORBELL),
    '-device',
    `ivshmem-doorbell,chardev=${id('doorbell')},vectors=${DOORBELL_VECTORS},addr=1f.7`,
  ];
}

function restingFirmware(): MemoryFile {
  const bytes = new Uint8Array(FIRMWARE_BYTES).fill(HALT);
  bytes.set(REST_FOR_EVER, RESET_VECTOR);
  const file = new MemoryFile('openslot-firmware', FIRMWARE_BYTES);
  try {
    writeSync(file.fd, bytes, 0, bytes.length, 0);
  } catch (cause) {
    file.close();
    throw cause;
  }
  return file;
}

function lastWords({ stderr }: ChildProcess): () => string {
  let text = '';
  stderr?.setEncoding('utf8');
  stderr?.on('data', (more: string) => {
    text = (text + more).slice(-KEPT_CHARACTERS);
  });
  return () => text.trim();
}
