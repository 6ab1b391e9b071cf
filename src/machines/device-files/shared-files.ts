/** Device files that are open: each once, for all views of this process, since each can be opened by one alone. */
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceFileError } from './errors.js';

/** One view's share of an open file. */
export interface OpenedFile extends Disposable {
  readonly fd: number;
  readonly path: string;
}

interface Shared {
  readonly fd: number;
  users: number;
}

export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}

/** @throws {DeviceFileError} */
export function openDeviceFile(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    throw new DeviceFileError(path, errnoOf(cause), { cause });
  }
}

export class SharedFiles {
  readonly folder: string;
  readonly #open = new Map<string, Shared>();

  /** `folder` of one device. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws {DeviceFileError} */
  use(name: string): OpenedFile {
    const path = join(this.folder, name);
    const shared = this.#open.get(name) ?? { fd: openDeviceFile(path, constants.O_RDWR), users: 0 };
    this.#open.set(name, shared);
    shared.users++;
    let used = true;
    return {
      fd: shared.fd,
      path,
      [Symbol.dispose]: () => {
        if (!used) return;
        used = false;
        shared.users--;
        if (shared.users > 0) return;
        this.#open.delete(name);
        closeSync(shared.fd);
      },
    };
  }
}
