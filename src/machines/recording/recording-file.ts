/** A recording being written: JSON lines, each in the file as soon as what it says has been done. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Machine } from '../../function/index.js';
import { RecordedMachine, type Entry, type RecordingSink } from '../../function/recording/index.js';
import { RecordingFileError } from './errors.js';

/**
 * One write(2) for all entries of an access: whatever ends the process (a signal, a mapping whose device has gone),
 * what was done before is in the file. Nothing is kept in memory.
 */
class RecordingFile implements RecordingSink {
  readonly #path: string;
  #fd: number | undefined;
  readonly #atExit = () => {
    this.write([{ op: 'end' }]);
    this.close();
  };

  /** @throws {RecordingFileError} */
  constructor(path: string) {
    this.#path = path;
    // What a device's memory held may be nobody else's business.
    this.#fd = this.#try(() => openSync(path, 'w', 0o600));
    process.once('exit', this.#atExit);
  }

  write(entries: readonly Entry[]): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    const lines = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    this.#try(() => {
      for (let written = 0; written < lines.length;) written += writeSync(fd, lines, written);
    });
  }

  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    process.removeListener('exit', this.#atExit);
    this.#try(() => {
      fsyncSync(fd);
      closeSync(fd);
    });
  }

  #try<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      throw new RecordingFileError(this.#path, errnoOf(cause), { cause });
    }
  }
}

export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

/**
 * Records into a new file (mode 0600; one that is there is replaced) what programs do with the machine from now on, until it is disposed
 * of or the process exits. @throws {RecordingFileError}
 */
export function recordMachine(machine: Machine, file: string): Machine {
  return new RecordedMachine(machine, new RecordingFile(file));
}
