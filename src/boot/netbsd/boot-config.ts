/** A boot.cfg(5) as NetBSD's boot loader cuts it: lines of keys and values, menu entries of commands. */
import type { ByteText } from '../boot-file.js';

/** Bytes of a file that the loader of i386 and amd64 takes; a larger one is as none. */
export const LARGEST_FILE = 32_768;

/** In the order in which the loader compares, by these characters alone: `menuitem=` is a `menu=`. */
const KEYS = [
  'menu',
  'banner',
  'timeout',
  'default',
  'consdev',
  'load',
  'format',
  'clear',
  'userconf',
] as const;

export type BootConfigKey = (typeof KEYS)[number];

/** One line; what stands in it is `key`, `separator`, `value`, `comment` and `end` one behind the other. */
export interface BootConfigLine {
  readonly start: number;
  /** All before the first `=`; the whole line where there is none. */
  readonly key: ByteText;
  readonly separator: '=' | '';
  readonly value: ByteText;
  /** From the first `#`, wherever it stands: nothing quotes it. */
  readonly comment: ByteText;
  readonly end: '\n' | '';
  /** What the loader takes it for. */
  readonly meaning: BootConfigKey | undefined;
  /** Offset of the value. */
  readonly valueStart: number;
}

export interface BootConfig {
  readonly lines: readonly BootConfigLine[];
  /** What the loader does not read: behind a NUL, or all of a file that is too large. */
  readonly unread: ByteText;
}

export function readBootConfig(text: ByteText): BootConfig {
  if (text.length > LARGEST_FILE) return { lines: [], unread: text };
  const nul = text.indexOf('\0');
  const read = nul === -1 ? text : text.slice(0, nul);
  const lines: BootConfigLine[] = [];
  for (let start = 0; start < read.length;) {
    const lineFeed = read.indexOf('\n', start);
    const stop = lineFeed === -1 ? read.length : lineFeed;
    lines.push(readLine(read.slice(start, stop), start, lineFeed === -1 ? '' : '\n'));
    start = stop + 1;
  }
  return { lines, unread: text.slice(read.length) };
}

function readLine(line: ByteText, start: number, end: '\n' | ''): BootConfigLine {
  const hash = line.indexOf('#');
  const said = hash === -1 ? line : line.slice(0, hash);
  const comment = line.slice(said.length);
  const equals = said.indexOf('=');
  if (equals === -1)
    return {
      start,
      key: said,
      separator: '',
      value: '',
      comment,
      end,
      meaning: undefined,
      valueStart: start + said.length,
    };
  const key = said.slice(0, equals);
  return {
    start,
    key,
    separator: '=',
    value: said.slice(equals + 1),
    comment,
    end,
    meaning: KEYS.find((name) => key.startsWith(name)),
    valueStart: start + equals + 1,
  };
}

export function printBootConfig({ lines, unread }: BootConfig): ByteText {
  const texts = lines.map(
    ({ key, separator, value, comment, end }) => key + separator + value + comment + end,
  );
  return texts.join('') + unread;
}

/** One command of a menu entry. */
export interface MenuCommand {
  readonly offset: number;
  /** Without blanks around. */
  readonly text: ByteText;
  /** Bytes that the loader copies into its buffer: blanks behind are copied before they are removed. */
  readonly copied: number;
  /** Up to the first blank or tab. */
  readonly word: ByteText;
  readonly argument: ByteText;
  readonly argumentOffset: number;
}

export interface MenuEntry {
  /** Undefined without a colon, which stands first in what is shown: the loader drops such an entry. */
  readonly description: ByteText | undefined;
  readonly commands: readonly MenuCommand[];
}

export function readMenuEntry({ value, valueStart }: BootConfigLine): MenuEntry {
  const colon = value.indexOf(':');
  if (colon === -1) return { description: undefined, commands: [] };
  const commands: MenuCommand[] = [];
  let offset = valueStart + colon + 1;
  for (const piece of value.slice(colon + 1).split(';')) {
    const said = piece.replace(/^ +/, '');
    const text = said.replace(/ +$/, '');
    if (text !== '') commands.push(readCommand(text, said.length, offset + piece.length - said.length));
    offset += piece.length + 1;
  }
  return { description: value.slice(0, colon), commands };
}

function readCommand(text: ByteText, copied: number, offset: number): MenuCommand {
  const [whole, word = '', blanks = ''] = /^([^ \t]*)([ \t]*)/.exec(text) ?? [''];
  return {
    offset,
    text,
    copied,
    word: word === '' ? text : word,
    argument: text.slice(whole.length),
    argumentOffset: offset + word.length + blanks.length,
  };
}

/** What is given to `load`, as a line of the file or as a command: a module's file and its arguments. */
export interface LoadedModule {
  /** Of its file's name. */
  readonly offset: number;
  /** The file and the arguments: what a multiboot kernel is told of the module. */
  readonly text: ByteText;
  readonly file: ByteText;
  readonly arguments: ByteText;
  readonly argumentsOffset: number;
  /** The command that it stands in; undefined for a line of its own. */
  readonly command: MenuCommand | undefined;
}

export function readLoad(value: ByteText, valueStart: number, command?: MenuCommand): LoadedModule {
  const text = value.replace(/^[ \t]+/, '');
  const offset = valueStart + value.length - text.length;
  const file = /^[^ \t]*/.exec(text)?.[0] ?? '';
  const rest = text.slice(file.length);
  const args = rest.replace(/^[ \t]+/, '');
  return {
    offset,
    text,
    file,
    arguments: args,
    argumentsOffset: offset + text.length - args.length,
    command,
  };
}

/** What one entry of the menu boots by way of the multiboot protocol, that is Xen. */
export interface MultibootEntry {
  readonly line: BootConfigLine;
  readonly multiboot: MenuCommand;
  /** In the order in which the loader has them: of these the first is the kernel of domain 0. */
  readonly modules: readonly LoadedModule[];
}

export function loadLines({ lines }: BootConfig): readonly LoadedModule[] {
  return lines
    .filter(({ meaning }) => meaning === 'load')
    .map(({ value, valueStart }) => readLoad(value, valueStart));
}

/** The loads of a list of commands. */
export function loadCommands(commands: readonly MenuCommand[]): readonly LoadedModule[] {
  return commands
    .filter(({ word }) => word === 'load')
    .map((command) => readLoad(command.argument, command.argumentOffset, command));
}

/** The loader queues all `load=` lines of the file while it reads it, then the loads of the entry that is chosen. */
export function multibootEntries(config: BootConfig): readonly MultibootEntry[] {
  const always = loadLines(config);
  return config.lines
    .filter(({ meaning }) => meaning === 'menu')
    .flatMap((line) => {
      const { commands } = readMenuEntry(line);
      const index = commands.findIndex(({ word }) => word === 'multiboot');
      const multiboot = commands[index];
      if (multiboot === undefined) return [];
      return [{ line, multiboot, modules: [...always, ...loadCommands(commands.slice(0, index))] }];
    });
}
