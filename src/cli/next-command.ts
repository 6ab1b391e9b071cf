/** A next command said again with the machine that was named: pasted as it is, it would mean another one, often this host. */

/** The commands that have `--on` for where functions live; a test compares them with the commands themselves. */
export const ON_COMMANDS = [
  'list show capture tree explain doctor diff apply name get set undo watch repl pool claim release adopt recover attach',
  'detach trace qemu-arguments serve hide unhide pcictl',
]
  .join(' ')
  .split(' ');
/** The same of subcommands. */
export const ON_SUBCOMMANDS = [
  'policy learn',
  'policy show',
  'policy check',
  'policy set',
  'policy remove',
  'guest run',
  'guest list',
  'guest unpause',
  'guest shutdown',
  'guest destroy',
  'proto mount',
];

const COMMAND = new RegExp(`\\bopenslot (?:${[...ON_COMMANDS, ...ON_SUBCOMMANDS].join('|')})(?![\\w-])`, 'g');

/** `next`, with `--on` in its commands where `on` was named on the command line and they name no machine yet. */
export function onSameMachine(next: string, on: string | undefined): string {
  if (on === undefined || next.includes('--on')) return next;
  return next.replace(COMMAND, (command) => `${command} --on ${shellWord(on)}`);
}

/** As a shell takes it for one word. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What is said to do next, on the machine of this command line. */
export function nextHere(next: string): string {
  return onSameMachine(next, namedMachine(process.argv.slice(2)));
}

/** The same of each of several findings, causes or steps. */
export function withNextHere<Told extends { readonly next: string }>(all: readonly Told[]): readonly Told[] {
  return all.map((told) => ({ ...told, next: nextHere(told.next) }));
}

/** What stands behind `--on` on a command line; undefined where the environment or nobody named the machine. */
export function namedMachine(words: readonly string[]): string | undefined {
  const end = words.indexOf('--');
  const own = end === -1 ? words : words.slice(0, end);
  const at = own.findLastIndex((word) => word === '--on' || word.startsWith('--on='));
  const word = own[at];
  if (word === undefined) return undefined;
  return word === '--on' ? own[at + 1] : word.slice('--on='.length);
}
