/** One lspci that our text is compared with: how it is run, and which version it is. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LSPCI_VERSION } from '../../src/look/lspci/index.js';
import { cacheFolder, repository } from '../cache.js';
import { LabFailure, lastLines } from '../failure.js';
import { dumpFile } from './dump-file.js';
import { followedCommand } from './followed.js';

/** The names of ids that every side is given. */
export const IDS = join(repository, 'data/pci.ids');

/** A text of 10,000 functions is some 30 MB. */
const LONGEST_TEXT = 1 << 29;

export class Judge {
  readonly command: readonly [string, ...string[]];
  /** `3.13.0`. */
  readonly version: string;
  /** Where it comes from. */
  readonly origin: string;

  constructor(command: readonly [string, ...string[]], version: string, origin: string) {
    this.command = command;
    this.version = version;
    this.origin = origin;
  }

  /** Whether it is of the version that our text follows: then nothing is excused. */
  get isFollowed(): boolean {
    return this.version === LSPCI_VERSION;
  }

  /** What it prints of a dump's text, by our names. @throws {LabFailure} it did not come to its end. */
  read(dump: string, args: readonly string[]): string {
    return this.run(['-F', dumpFile(dump), ...args]);
  }

  /**
   * What it prints with these arguments, of this host where no dump is named. It warns on standard error of what it finds
   * odd; that is no text of its own. @throws {LabFailure} it did not come to its end.
   */
  run(args: readonly string[]): string {
    const [program, ...before] = this.command;
    const ended = spawnSync(program, [...before, '-i', IDS, ...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: LONGEST_TEXT,
    });
    // 1: nothing could be read; 2: it read all and warned of something.
    if (ended.error !== undefined || ended.status === null || ended.status === 1)
      throw new LabFailure(
        `lspci ${this.version} ${args.join(' ')} ended with ${ended.status ?? ended.signal ?? String(ended.error)}: ${lastLines(ended.stderr, 3)}`,
      );
    return ended.stdout;
  }

  toString(): string {
    return `lspci ${this.version} (${this.origin})`;
  }
}

/** The lspcis at hand, each version once: the named one (OPENSLOT_LSPCI), the lab's, the installed one. */
export function judges(): readonly Judge[] {
  const named = process.env['OPENSLOT_LSPCI'] ?? '';
  const commands: readonly (readonly [string, readonly [string, ...string[]] | undefined])[] = [
    ['OPENSLOT_LSPCI', named === '' ? undefined : [named]],
    ['the lab’s cache', followedCommand(cacheFolder())],
    ['installed', ['lspci']],
  ];
  const found: Judge[] = [];
  for (const [origin, command] of commands) {
    const version = command === undefined ? undefined : versionOf(command);
    if (command === undefined || version === undefined) continue;
    if (!found.some((one) => one.version === version)) found.push(new Judge(command, version, origin));
  }
  return found;
}

function versionOf([program, ...before]: readonly [string, ...string[]]): string | undefined {
  const { status, stdout } = spawnSync(program, [...before, '--version'], { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}
