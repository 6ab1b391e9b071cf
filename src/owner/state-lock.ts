/** The lock on what outlives the boot: one process at a time changes files that the boot reads. */
import { rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolder, readRegularFile, writeNewFile } from '../durable/index.js';
import { OpenslotError } from '../pci/index.js';

/** Another process changes files at this moment. */
export class StateBusyError extends OpenslotError {
  readonly code = 'STATE_BUSY';
  constructor(directory: string, process: number | undefined) {
    const who = process === undefined ? 'another process' : `process ${process}`;
    super(
      `${who} changes files that the boot reads, and keeps its journal in ${directory}`,
      { directory, ...(process === undefined ? {} : { process }) },
      'wait until it has ended, and give the command again',
    );
  }
}

/** The directory cannot be used. */
export class StateDirectoryError extends OpenslotError {
  readonly code = 'STATE_DIRECTORY';
  constructor(directory: string, errno: string, options?: ErrorOptions) {
    super(
      `${directory} cannot be used: ${errno}`,
      { directory, errno },
      'run the command as root, or name a directory of your own in OPENSLOT_STATE_DIR',
      options,
    );
  }
}

/**
 * Takes the lock. A name of the kernel's that ends with the process is the lock, so that nothing of a dead one is in the
 * way; a file beside tells who has it. @throws {StateBusyError | StateDirectoryError}
 */
export async function lockState(directory: string): Promise<AsyncDisposable> {
  const server = createServer();
  const holder = join(directory, 'holder');
  try {
    makeFolder(directory, 0o700);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(lockName(directory), resolve);
    });
    writeNewFile(holder, `${process.pid}\n`);
  } catch (cause) {
    server.close();
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new StateBusyError(directory, holderOf(holder));
    throw new StateDirectoryError(directory, code, { cause });
  }
  return {
    async [Symbol.asyncDispose]() {
      rmSync(holder, { force: true });
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** Of the directory itself: it is one, however its path is written, and a name of the kernel's has 107 bytes at most. */
function lockName(directory: string): string {
  const { dev, ino } = statSync(directory, { bigint: true });
  return `\0openslot:state:${dev}:${ino}`;
}

function holderOf(file: string): number | undefined {
  try {
    const id = Number(readRegularFile(file, 'utf8'));
    return Number.isSafeInteger(id) && id > 0 ? id : undefined;
  } catch {
    // It has the lock and has not written yet, or gives it back at this moment.
    return undefined;
  }
}
