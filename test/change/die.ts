/**
 * Loaded ahead of a command (`--import`): its process kills itself with SIGKILL before a chosen change, or after it. One
 * that lives tells at its end how many changes it made.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What changes a file, of all that our commands call. */
const CHANGING = [
  'appendFileSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'truncateSync',
  'unlinkSync',
  'writeFileSync',
] as const;

const { DIE_OF: of, DIE_BEFORE: before, DIE_AFTER: after } = process.env;

/** To remove what is not there, or to make a folder that is, changes nothing: before it is as before the next call. */
const isNothing = (name: string, [path]: readonly unknown[]) =>
  ((name === 'rmSync' || name === 'unlinkSync') &&
    fs.lstatSync(String(path), { throwIfNoEntry: false }) === undefined) ||
  (name === 'mkdirSync' && fs.existsSync(String(path)));

/** A change of the simulated host begins with its line in the log, and is made when the bindings have their name. */
const isBegun = (name: string, [path]: readonly unknown[]) =>
  of === 'file' || (name === 'appendFileSync' && String(path).endsWith('/mutations.log'));
const isMade = (name: string, [, to]: readonly unknown[]) =>
  of === 'file' || (name === 'renameSync' && String(to).endsWith('/bindings.json'));

let begun = 0;

// Delivered before the call returns: not one instruction of the process comes after it.
const die = () => process.kill(process.pid, 'SIGKILL');

Object.assign(
  fs,
  Object.fromEntries(
    CHANGING.map((name) => {
      const change = fs[name] as (...words: unknown[]) => unknown;
      const watched = (...words: unknown[]): unknown => {
        if (isNothing(name, words)) return change(...words);
        if (isBegun(name, words) && ++begun === Number(before)) die();
        const result = change(...words);
        if (isMade(name, words) && begun === Number(after)) die();
        return result;
      };
      return [name, watched];
    }),
  ),
);
syncBuiltinESMExports();

process.on('exit', () => {
  process.stderr.write(`changes: ${begun}\n`);
});
