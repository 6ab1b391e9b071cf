/** The command in processes of its own: one that serves a simulated machine, and others beside it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));

/** A host's directories, and commands that use them and mean the simulated machine. */
export class Shell implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'openslot-shell-'));
  readonly env = {
    ...process.env,
    OPENSLOT_RUNTIME_DIR: this.folder,
    OPENSLOT_STATE_DIR: join(this.folder, 'state'),
    OPENSLOT_ON: 'sim',
    NO_COLOR: '1',
  };

  run(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      env: this.env,
    });
    return { status, stdout, stderr };
  }

  /** What it printed; it must not be refused. */
  done(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.run(...args);
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** The refusal; it must be one. */
  refused(...args: readonly string[]): string {
    const { status, stderr } = this.run(...args);
    assert.notEqual(status, 0, args.join(' '));
    return stderr;
  }

  /** @returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Serves a machine of one root bus until it is disposed of. */
  async serve(name: string, slots: readonly string[]): Promise<AsyncDisposable> {
    const file = this.write(`${name}.yaml`, `roots: [{bus: 0, slots: [${slots.join(', ')}]}]`);
    const child = spawn(process.execPath, [MAIN, 'serve', '--on', `sim:${file}`], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('ready')) break;
    // What it says from now on is nobody's.
    child.stdout.resume();
    return {
      [Symbol.asyncDispose]: async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
