/** A process of its own that serves the device files of a simulated machine, for tests that use them as programs do. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MountDirectory } from './mounting.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

export class ServedFiles implements AsyncDisposable {
  readonly #mount = new MountDirectory();
  readonly #runtime = mkdtempSync(join(tmpdir(), 'openslot-served-'));
  readonly #server: ChildProcess;

  private constructor(description: string, more: readonly string[]) {
    const file = join(this.#runtime, 'machine.yaml');
    writeFileSync(file, description);
    const args = [MAIN, 'proto', 'mount', this.directory, '--on', `sim:${file}`, '--json', ...more];
    this.#server = spawn(process.execPath, args, {
      env: { ...process.env, OPENSLOT_RUNTIME_DIR: this.#runtime },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** Started, and ready for programs. `more` are further options of `proto mount`. */
  static async start(description: string, more: readonly string[] = []): Promise<ServedFiles> {
    const served = new ServedFiles(description, more);
    const { stdout } = served.#server;
    assert.ok(stdout);
    for await (const line of createInterface({ input: stdout })) {
      if ((JSON.parse(line) as { event?: string }).event === 'ready') {
        stdout.resume();
        return served;
      }
    }
    throw new Error('the server ended before it was ready');
  }

  get directory(): string {
    return this.#mount.path;
  }

  /** Ends it as `signal` does. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    this.#server.kill(signal);
    await once(this.#server, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    this.#mount[Symbol.dispose]();
    rmSync(this.#runtime, { recursive: true, force: true });
  }
}
