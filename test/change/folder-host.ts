/** A simulated host on disk for tests, with commands on it that can be killed at any of their changes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askHost } from '../../src/cli/ownership.js';
import { openMachineFolder } from '../../src/machines/sim/index.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const DIE = fileURLToPath(new URL('./die.js', import.meta.url));

/** `file`: each call that changes a file; `mutation`: each change of the host's drivers. */
export type ChangeKind = 'mutation' | 'file';

/** The change before which, or after which, the command is killed; counted from 1, so that nobody dies before 0. */
export type Death = { readonly of: ChangeKind } & ({ readonly before: number } | { readonly after: number });

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class FolderHost implements Disposable {
  readonly path: string;

  /** The default machine, or a copy of another host as it is. */
  constructor(from?: FolderHost) {
    this.path = mkdtempSync(join(tmpdir(), 'openslot-host-'));
    // A dead process's socket is copied as little as a live one's.
    if (from !== undefined)
      cpSync(from.path, this.path, { recursive: true, filter: (name) => !name.endsWith('.sock') });
  }

  get on(): string {
    return `sim:${this.path}`;
  }

  /** The command line, in a process of its own. */
  async run(words: readonly string[], death?: Death, shell?: string): Promise<Ended> {
    const { OPENSLOT_ON: _on, ...environment } = process.env;
    const dying =
      death === undefined
        ? {}
        : {
            DIE_OF: death.of,
            ...('before' in death
              ? { DIE_BEFORE: String(death.before) }
              : { DIE_AFTER: String(death.after) }),
          };
    const command = [process.execPath, ...(death === undefined ? [] : ['--import', DIE]), MAIN, ...words];
    const [program = '', ...rest] = shell === undefined ? command : ['sh', '-c', shell, ...command];
    const child = spawn(program, [...rest, '--on', this.on], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, ...dying, NO_COLOR: '1', OPENSLOT_STATE_DIR: join(this.path, 'state') },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return new Promise((resolve) => {
      child.once('close', (status, signal) => {
        resolve({ status, signal, stdout, stderr });
      });
    });
  }

  async recover(finish: boolean): Promise<readonly string[]> {
    const recoveries = await askHost({ on: this.on }, 'recover', { finish });
    return recoveries.map(({ outcome, why }) => [outcome, ...why].join(' '));
  }

  /** Who drives what, and what is remembered of claims. */
  state(): object {
    using machine = openMachineFolder(this.path);
    const bindings = machine.list().map(({ address }) => [String(address), machine.drivers.binding(address)]);
    const claims = JSON.parse(this.#text('sim.claims.json') || '[]') as readonly { address: string }[];
    return { bindings, claims: claims.toSorted((a, b) => a.address.localeCompare(b.address)) };
  }

  /** Changes that are written down as under way. */
  changes(): readonly string[] {
    try {
      return readdirSync(join(this.path, 'sim.changes')).filter((name) => name.endsWith('.change'));
    } catch {
      return [];
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #text(name: string): string {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch {
      return '';
    }
  }
}

/** Done without an error. */
export async function succeed(host: FolderHost, words: readonly string[]): Promise<void> {
  const { status, stderr } = await host.run(words);
  assert.equal(status, 0, stderr);
}
