/** fusermount3(1), which mounts and unmounts for users who may not: set-uid root, it passes the mounted /dev/fuse back over a socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSocketPair, receiveDescriptor } from '../../os/index.js';
import { MountRefusedError } from './errors.js';

const PROGRAM = 'fusermount3';
/** Number of the child's descriptor that is told to it by this variable. */
const SOCKET_VARIABLE = '_FUSE_COMMFD';
const CHILD_SOCKET = 3;

/** @returns the session's descriptor. @throws {MountRefusedError} */
export async function mountAsUser(directory: string, options: readonly string[]): Promise<number> {
  using sockets = openSocketPair(PROGRAM);
  const said = await runFusermount(['-o', options.join(','), '--', directory], sockets.others);
  const fd = receiveDescriptor(sockets.own);
  if (fd === undefined) throw new MountRefusedError(directory, said, nextFor(said));
  return fd;
}

function nextFor(said: string): string {
  if (/ENOENT/.test(said)) return 'install fuse3, or run the command as root';
  if (/allow_other/.test(said)) return 'root must write user_allow_other into /etc/fuse.conf';
  return 'run the command as root, or name a directory of your own';
}

/** Runs it to its end. @returns what it said, or why it could not be run. */
export async function runFusermount(args: readonly string[], socket?: number): Promise<string> {
  const child = spawn(PROGRAM, args, {
    stdio: ['ignore', 'ignore', 'pipe', ...(socket === undefined ? [] : [socket])],
    env: {
      ...process.env,
      LC_ALL: 'C',
      ...(socket === undefined ? {} : { [SOCKET_VARIABLE]: String(CHILD_SOCKET) }),
    },
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  try {
    await once(child, 'close');
  } catch (cause) {
    return `${PROGRAM}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`;
  }
  return said.trim();
}
