/** A simulated host on disk for tests, with commands on it that can be killed at any of their changes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../../src/admin/index.js';
import { ChangeFolder, Changes } from '../../src/change/index.js';
import { namesPlace } from '../../src/cli/names-place.js';
import { askHost } from '../../src/cli/ownership.js';
import { clearUnplacedFiles } from '../../src/cli/unplaced-files.js';
import { openMachineFolder } from '../../src/machines/sim/index.js';
import { lockState, stateFiles } from '../../src/owner/index.js';

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
    if (from !== undefined) this.#copy(from);
  }

  /** Makes it as the other one is. Journals name files by their whole paths, and are of use in this folder alone. */
  become(other: FolderHost): void {
    for (const name of readdirSync(this.path)) rmSync(join(this.path, name), { recursive: true });
    this.#copy(other);
  }

  #copy(other: FolderHost): void {
    // A dead process's socket is copied as little as a live one's.
    cpSync(other.path, this.path, { recursive: true, filter: (name) => !name.endsWith('.sock') });
    // What was hidden is recorded with the whole path of the file.
    const hidden = this.#text('state/hidden.json');
    if (hidden !== '') this.write('state/hidden.json', hidden.replaceAll(other.path, this.path));
    // Names are kept by the path of their machine.
    const names = other.#namesPlace.replace(other.path, this.path);
    if (existsSync(names)) renameSync(names, this.#namesPlace);
  }

  get #namesPlace(): string {
    return namesPlace({ on: this.on }, stateFiles(this.#state));
  }

  get on(): string {
    return `sim:${this.path}`;
  }

  get #state(): string {
    return join(this.path, 'state');
  }

  /** The command line, in a process of its own that runs in the host's folder. */
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
      cwd: this.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, ...dying, NO_COLOR: '1', OPENSLOT_STATE_DIR: this.#state },
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

  /** A file in its folder. */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  async recover(finish: boolean): Promise<readonly string[]> {
    await using _lock = await lockState(this.#state);
    const files = new Changes(new ChangeFolder(stateFiles(this.#state).changes), [replaceFile]);
    const recoveries = [
      ...(await files.recover(finish ? 'forth' : 'back')),
      ...(await askHost({ on: this.on }, 'recover', { finish })),
    ];
    clearUnplacedFiles({ on: this.on }, stateFiles(this.#state));
    return recoveries.map(({ outcome, why }) => [outcome, ...why].join(' '));
  }

  /** Who drives what, what is remembered of claims and of what was hidden, and each other file that is there. */
  state(): object {
    using machine = openMachineFolder(this.path);
    const bindings = machine.list().map(({ address }) => [String(address), machine.drivers.binding(address)]);
    const claims = JSON.parse(this.#text('sim.claims.json') || '[]') as readonly { address: string }[];
    const hidden = JSON.parse(this.#text('state/hidden.json') || '[]') as readonly { addresses: unknown }[];
    return {
      bindings,
      claims: claims.toSorted((a, b) => a.address.localeCompare(b.address)),
      hidden: hidden.map(({ addresses }) => addresses),
      files: this.#files().map((path) => {
        const { mode } = statSync(join(this.path, path));
        return {
          path: path.replace(/^state\/names\/[^/]+/, 'names'),
          mode,
          text: this.#text(path).replace(/"when": "[^"]*"/, ''),
        };
      }),
    };
  }

  /** All but those whose contents are compared as what they mean, logs, and what tells who has a lock. */
  #files(): readonly string[] {
    const others =
      /^(?:(?:bindings|sim\.claims|state\/hidden)\.json|mutations\.log|state\/holder)$|\.(?:change|sock)$/;
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)))
      .filter((path) => !others.test(path))
      .toSorted();
  }

  /** Changes that are written down as under way. */
  changes(): readonly string[] {
    return [...this.#names('sim.changes'), ...this.#names('state/changes')].filter((name) =>
      name.endsWith('.change'),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #names(folder: string): readonly string[] {
    try {
      return readdirSync(join(this.path, folder)).toSorted();
    } catch {
      return [];
    }
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
