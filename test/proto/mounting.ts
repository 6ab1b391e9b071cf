/** What tests of mounted files share: whether they can run here, directories, and a program that uses the files. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { unmountAt, UnmountFlag } from '../../src/os/index.js';
import type { Outcome, Step } from './client.js';

const CLIENT = fileURLToPath(new URL('./client.js', import.meta.url));

/** Why nothing can be mounted here; false where it can. Printed beside each test that is left out. */
export const unmountable: string | false = whyUnmountable();

function whyUnmountable(): string | false {
  if (process.getuid?.() !== 0) return 'mount(2) needs root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return false;
  } catch (error) {
    return `/dev/fuse: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

/** An empty directory for a mount, taken away in the end with whatever is mounted in it. */
export class MountDirectory implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), 'openslot-proto-'));
  readonly path = join(this.base, 'files');

  [Symbol.dispose](): void {
    unmountAt(this.path, UnmountFlag.detach);
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A program whose system calls a test names one by one, while the test's own thread serves them. */
export class Client implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor() {
    this.child = spawn(process.execPath, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#reader = createInterface({ input: this.child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined);
    return this.child.pid;
  }

  async outcome(step: Step): Promise<Outcome> {
    this.child.stdin.write(`${JSON.stringify(step)}\n`);
    const line = await this.#lines.next();
    assert.ok(line.done !== true, `the client ended in ${step.call}`);
    return JSON.parse(line.value) as Outcome;
  }

  /** What the call gives; it must succeed. */
  async value<Value = unknown>(step: Step): Promise<Value> {
    const outcome = await this.outcome(step);
    if ('errno' in outcome) assert.fail(`${JSON.stringify(step)} failed with ${outcome.errno}`);
    return outcome.value as Value;
  }

  /** The errno of the call, which must fail. */
  async errno(step: Step): Promise<string> {
    const outcome = await this.outcome(step);
    if (!('errno' in outcome)) assert.fail(`${JSON.stringify(step)} gave ${JSON.stringify(outcome.value)}`);
    return outcome.errno;
  }

  open(path: string, flags?: number): Promise<number> {
    return this.value({ call: 'open', path, ...(flags === undefined ? {} : { flags }) });
  }

  read(fd: number, offset: number, length: number): Promise<string> {
    return this.value({ call: 'read', fd, length, offset });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.stdin.end();
      await once(this.child, 'exit');
    }
  }
}

/** The output of a command, which must succeed; the test's thread serves meanwhile. */
export async function run(command: string, ...args: readonly string[]): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `${command} ${args.join(' ')}`);
  return Buffer.concat(pieces);
}
