/** Changes of files that the boot reads, as commands make them: shown as a diff, one process at a time, journaled. */
import { createTwoFilesPatch } from 'diff';
import { replaceFile, type FileEdit, type UnfinishedPlan } from '../admin/index.js';
import { ChangeFolder, Changes, type Recovery } from '../change/index.js';
import { lockState, stateDirectory, stateFiles } from '../owner/index.js';
import { visibleText } from '../pci/index.js';
import { colorsOf } from './terminal-colors.js';

/** The engine that makes and recovers such changes. */
export function fileChanges(): Changes {
  return new Changes(new ChangeFolder(stateFiles().changes), [replaceFile]);
}

/** Does something with them while no other process can. @throws {StateBusyError} it names who has them. */
export async function withFileChanges<Result>(
  action: (changes: Changes) => Promise<Result>,
): Promise<Result> {
  await using _lock = await lockState(stateDirectory());
  return await action(fileChanges());
}

/** Settles those that a killed command left. @throws {StateBusyError} one is being made. */
export async function recoverFiles(finish: boolean): Promise<readonly Recovery[]> {
  if (fileChanges().unfinished().length === 0) return [];
  return withFileChanges((changes) => changes.recover(finish ? 'forth' : 'back'));
}

/** The same, looked at: in words, with what was begun. */
export function unfinishedFiles(): readonly UnfinishedPlan[] {
  const changes = fileChanges();
  return changes.unfinished().map(({ steps, ...change }) => ({ ...change, steps: changes.describe(steps) }));
}

/** A unified diff, as `patch` takes it. A file that is not there is empty. */
export function fileDiff({ file, after }: FileEdit): string {
  const text = (bytes: string | null) => Buffer.from(bytes ?? '', 'latin1').toString('utf8');
  const [before, path] = [text(file.contents), file.path];
  return createTwoFilesPatch(
    file.contents === null ? '/dev/null' : path,
    after === null ? '/dev/null' : path,
    before,
    text(after),
    undefined,
    undefined,
    { context: 3 },
  ).replace(/^(?:Index: .*\n)?=+\n/, '');
}

/** For a terminal: in colours, and what would move its cursor as it is written. */
export function shownDiff(diff: string): string {
  const colors = colorsOf(process.stdout);
  const lines = diff.split('\n').map((line) => {
    const shown = line.split('\t').map(visibleText).join('\t');
    if (/^(?:---|\+\+\+)/.test(line)) return colors.bold(shown);
    if (line.startsWith('+')) return colors.green(shown);
    return line.startsWith('-') ? colors.red(shown) : shown;
  });
  return lines.join('\n');
}
