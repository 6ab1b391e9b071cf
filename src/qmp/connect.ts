/** From nothing to a monitor that takes commands: over the UNIX socket of a QEMU that runs. */
import { createConnection, type Socket } from 'node:net';
import { MonitorUnreachableError } from './errors.js';
import { MonitorClient } from './monitor-client.js';

/** QEMU greets at once, unless another client has the monitor. */
const GREETING_MS = 5000;
/** Adding a device can keep all memory of the machine in place, which takes as long as it is large. */
const ANSWER_MS = 120_000;

export interface ConnectMonitorOptions {
  /** Milliseconds; for tests. */
  readonly greeting?: number;
  readonly patience?: number;
}

/** @throws {MonitorUnreachableError | MonitorSilentError | MonitorProtocolError | MonitorEndedError} */
export async function connectMonitor(
  path: string,
  { greeting = GREETING_MS, patience = ANSWER_MS }: ConnectMonitorOptions = {},
): Promise<MonitorClient> {
  const monitor = new MonitorClient(await dial(path), { name: path, greeting, patience });
  try {
    await monitor.ready;
  } catch (cause) {
    monitor[Symbol.dispose]();
    throw cause;
  }
  return monitor;
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new MonitorUnreachableError(path, cause.code ?? cause.message, { cause }));
    });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
