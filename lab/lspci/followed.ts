/** lspci of the version that our text follows, and pciutils' own dumps, out of Debian 13 into the lab's cache. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateApt } from '../apt.js';
import { prepareTree } from '../debian-tree.js';
import { LabFailure, lastLines } from '../failure.js';
import { runProgram } from '../process.js';
import { LabRoot } from '../root.js';

/** Debian 13. */
const RELEASE = 'trixie';

function treeIn(cache: string): LabRoot {
  return new LabRoot(join(cache, 'lspci'));
}

/** How lspci runs out of the cache, by its own libraries; undefined where it was not fetched. */
export function followedCommand(cache: string): readonly [string, ...string[]] | undefined {
  const root = treeIn(cache);
  const program = 'usr/bin/lspci';
  return existsSync(root.path(program)) ? root.command(program) : undefined;
}

/** Fetches lspci and all that it is linked to, if it is not there yet: some 7 MB besides the package lists. */
export async function prepareFollowed(cache: string): Promise<void> {
  await prepareTree({
    folder: treeIn(cache).folder,
    preparation: 1,
    wanted: ['pciutils'],
    apt: () => debian(cache),
  });
}

/**
 * The folder of the dumps that pciutils tests itself with, fetched if it is not there yet. They are GPL: read here,
 * never part of the project. @throws {LabFailure} the source package cannot be had.
 */
export async function prepareCorpus(cache: string): Promise<string> {
  const folder = join(cache, 'lspci-corpus');
  if (existsSync(folder)) return folder;
  const apt = await debian(cache);
  await apt.update();
  const archive = await apt.downloadSource('pciutils');
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const only = ['--wildcards', '--strip-components=2', '*/tests/*'];
  const ended = await runProgram(['tar', '-x', '-f', archive, '-C', fresh, '--no-same-owner', ...only]);
  if (ended.code !== 0)
    throw new LabFailure(`${archive} could not be unpacked: ${lastLines(ended.output, 5)}`);
  renameSync(fresh, folder);
  return folder;
}

function debian(cache: string): Promise<PrivateApt> {
  return PrivateApt.ofRelease(join(cache, 'apt-lspci'), RELEASE);
}
