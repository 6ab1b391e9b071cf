/** A lock on a folder: one process at a time has it, and it ends with its process. */
import { statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { errnoOf } from './errno.js';

/**
 * Takes the lock of a folder that is there. Names of the kernel's that end with the process are the locks (unix(7),
 * abstract sockets), so that nothing of a dead one is in the way; each `purpose` has one of its own.
 * @returns undefined where another has it. @throws what the system throws.
 */
export async function lockFolder(purpose: string, folder: string): Promise<AsyncDisposable | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    // Whoever waits may be killed meanwhile.
    socket.on('error', () => undefined);
    socket.once('close', () => waiting.delete(socket));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(lockName(purpose, folder), resolve);
    });
  } catch (cause) {
    server.close();
    if (errnoOf(cause) === 'EADDRINUSE') return undefined;
    throw cause;
  }
  return {
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of waiting) socket.destroy();
      });
    },
  };
}

/**
 * As {@link lockFolder}, and waits for its turn at most so many milliseconds. Those who wait have no order.
 * @returns undefined where another has it even then. @throws what the system throws.
 */
export async function turnInFolder(
  purpose: string,
  folder: string,
  milliseconds: number,
): Promise<AsyncDisposable | undefined> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const lock = await lockFolder(purpose, folder);
    const left = end - performance.now();
    if (lock !== undefined || left <= 0) return lock;
    await untilGivenBack(lockName(purpose, folder), left);
  }
}

/** Until whoever has the lock ends the connection: it gives the lock back, or has died. */
async function untilGivenBack(name: string, milliseconds: number): Promise<void> {
  const socket = connect(name);
  const late = setTimeout(() => socket.destroy(), milliseconds);
  // Refused where the lock was given back meanwhile: it closes then, too.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    // Its end is seen by reading.
    socket.resume();
  });
  clearTimeout(late);
}

/** Of the folder itself: it is one, however its path is written, and a name of the kernel's has 107 bytes at most. */
function lockName(purpose: string, folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true });
  return `\0openslot:${purpose}:${dev}:${ino}`;
}
