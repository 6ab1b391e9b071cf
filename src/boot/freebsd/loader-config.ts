/** A loader.conf(5) as FreeBSD's boot loader reads it (stand/lua/config.lua): lines that set variables or load modules. */
import type { ByteText } from '../boot-file.js';

/** Why the loader prints `Malformed line` and goes on with the next one. */
export type Malformation =
  /** No `name=`. */
  | 'no-setting'
  /** `"` without a second one in the line. */
  | 'unclosed'
  /** Single quotes quote nothing. */
  | 'single-quotes'
  /** A value that needs double quotes: other than letters, digits, `-`, `_` and `.`. */
  | 'unquoted'
  /** Something behind the value that is no comment. */
  | 'behind';

/** Of a module: `proto_load`, `proto_name`, … */
const PROPERTIES = ['load', 'name', 'type', 'flags', 'before', 'after', 'error'] as const;
export type ModuleProperty = (typeof PROPERTIES)[number];

export interface LoaderSetting {
  readonly kind: 'setting';
  readonly name: string;
  /** Where the name is one of a module's; else it is a variable of the loader, which the kernel gets too. */
  readonly module: { readonly name: string; readonly property: ModuleProperty } | undefined;
  readonly nameStart: number;
  /** Between its quotes, as it stands there. */
  readonly value: ByteText;
  readonly valueStart: number;
  readonly quoted: boolean;
}

export type LoaderMeaning =
  | { readonly kind: 'nothing' }
  | LoaderSetting
  | { readonly kind: 'malformed'; readonly why: Malformation; readonly at: number; readonly length: number };

export interface LoaderLine {
  readonly start: number;
  /** With its line end. */
  readonly text: ByteText;
  readonly meaning: LoaderMeaning;
}

export function readLoaderConfig(text: ByteText): readonly LoaderLine[] {
  const lines: LoaderLine[] = [];
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed === -1 ? text.length : lineFeed;
    lines.push({
      start,
      text: text.slice(start, lineFeed === -1 ? end : end + 1),
      meaning: meaningOf(text.slice(start, end), start),
    });
    start = end + 1;
  }
  return lines;
}

/** The text that was read, byte for byte. */
export function printLoaderConfig(lines: readonly LoaderLine[]): ByteText {
  return lines.map(({ text }) => text).join('');
}

/** White space of C, which JavaScript's `\s` is not. */
const BLANK = /^[\t-\r ]*$/;
const COMMENT = /^[\t-\r ]*(?:#[^]*)?$/;
const SETTING = /^[\t-\r ]*([-\w.]+)[\t-\r ]*=[\t-\r ]*/;
const WORD = /^[-A-Za-z0-9][-\w.]*/;

function meaningOf(line: ByteText, start: number): LoaderMeaning {
  if (COMMENT.test(line)) return { kind: 'nothing' };
  const found = SETTING.exec(line);
  const [before = '', name = ''] = found ?? [];
  const module = moduleOf(name);
  // Names of modules may begin with any character of a name, those of variables with a letter or digit.
  if (found === null || (module === undefined && !/^[A-Za-z0-9]/.test(name)))
    return malformed('no-setting', start, line.trimEnd().length);
  const nameStart = start + before.indexOf(name);
  const rest = line.slice(before.length);
  const restStart = start + before.length;
  const setting = { kind: 'setting', name, module, nameStart } as const;
  // The last quote of the line is the end, even where it stands in a comment.
  const closing = rest.lastIndexOf('"');
  if (rest.startsWith('"') && closing > 0) {
    if (!COMMENT.test(rest.slice(closing + 1)))
      return malformed('behind', restStart + closing + 1, rest.length - closing - 1);
    return { ...setting, value: rest.slice(1, closing), valueStart: restStart + 1, quoted: true };
  }
  if (rest.startsWith('"')) return malformed('unclosed', restStart, rest.length);
  if (rest.startsWith("'")) return malformed('single-quotes', restStart, rest.length);
  const word = WORD.exec(rest)?.[0] ?? '';
  if (word !== '' && name !== 'exec' && COMMENT.test(rest.slice(word.length)))
    return { ...setting, value: word, valueStart: restStart, quoted: false };
  return malformed(
    BLANK.test(rest.slice(word.length, word.length + 1)) && word !== '' ? 'behind' : 'unquoted',
    restStart + word.length,
    rest.length - word.length,
  );
}

function malformed(why: Malformation, at: number, length: number): LoaderMeaning {
  return { kind: 'malformed', why, at, length };
}

function moduleOf(name: string): LoaderSetting['module'] {
  for (const property of PROPERTIES)
    if (name.endsWith(`_${property}`) && /^[-\w]+$/.test(name) && name.length > property.length + 1)
      return { name: name.slice(0, -property.length - 1), property };
  return undefined;
}

export function settingsOf(lines: readonly LoaderLine[]): readonly LoaderSetting[] {
  return lines.flatMap(({ meaning }) => (meaning.kind === 'setting' ? [meaning] : []));
}

/** What counts in the end: the last of the settings of a name. */
export function settingNamed(lines: readonly LoaderLine[], name: string): LoaderSetting | undefined {
  return settingsOf(lines)
    .filter((setting) => setting.name === name)
    .at(-1);
}

/** Whether the loader loads a module: no other word than this one does it. */
export function isLoaded(lines: readonly LoaderLine[], module: string): boolean {
  return settingNamed(lines, `${module}_load`)?.value.toUpperCase() === 'YES';
}
