/** The C programs of this folder, compiled where a compiler is: the peers that ours are measured beside. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../bench/proto/', import.meta.url));

export class CompiledPrograms implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'openslot-bench-'));

  /** @returns the program's path; undefined, and said, where it cannot be made here. */
  compile(name: string, library?: string): string | undefined {
    const flags = library === undefined ? [] : flagsOf(library);
    if (flags === undefined) {
      console.log(
        `    without ${name}.c: it needs ${library}'s headers and pkg-config (libfuse3-dev, pkg-config)`,
      );
      return undefined;
    }
    const program = join(this.#folder, name);
    const { status, error } = spawnSync('cc', ['-O2', '-o', program, join(SOURCES, `${name}.c`), ...flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status === 0) return program;
    console.log(
      `    without ${name}.c: ${error === undefined ? 'it does not compile' : 'there is no C compiler (cc)'}`,
    );
    return undefined;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function flagsOf(library: string): readonly string[] | undefined {
  const { status, stdout } = spawnSync('pkg-config', ['--cflags', '--libs', library], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split(/\s+/) : undefined;
}
