/** A file of modprobe.d as kmod reads it: commands, one for each line, with their places. */
import type { ByteText } from '../boot-file.js';
import { LogicalLine } from './logical-line.js';
import { withUnderscores } from './module-options.js';

/** What a line can command. `include` and `config` are known, and do nothing any more. */
const COMMANDS = ['alias', 'blacklist', 'install', 'options', 'remove', 'softdep'] as const;
export type ModprobeVerb = (typeof COMMANDS)[number];

/** A part of a line's `logical` text. */
export interface LinePart {
  readonly text: string;
  /** Characters from the beginning of the logical line. */
  readonly start: number;
}

/** What kmod does with a line. */
export type ModprobeMeaning =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'comment' }
  /** Left out, with a message. */
  | { readonly kind: 'bad'; readonly word: LinePart; readonly why: BadLine }
  | {
      readonly kind: 'command';
      readonly verb: ModprobeVerb;
      /** With underscores; of an alias its pattern. */
      readonly module: string;
      readonly modulePart: LinePart;
      /** What stands behind the module, with its blanks. */
      readonly rest: LinePart;
    };

export type BadLine = 'unknown' | 'deprecated' | 'no-module' | 'brackets' | 'nothing-behind';

export interface ModprobeLine {
  readonly line: LogicalLine;
  readonly meaning: ModprobeMeaning;
}

function isVerb(word: string): word is ModprobeVerb {
  return COMMANDS.some((known) => known === word);
}

/** As strtok cuts: the word, and where the next one may begin, behind the one blank that ends it. */
function nextWord(text: string, from: number): { word: LinePart; next: number } | undefined {
  let start = from;
  while (' \t'.includes(text.charAt(start)) && start < text.length) start++;
  if (start >= text.length) return undefined;
  let end = start;
  while (end < text.length && !' \t'.includes(text.charAt(end))) end++;
  return { word: { text: text.slice(start, end), start }, next: Math.min(end + 1, text.length) };
}

/** Names with brackets are patterns; kmod leaves what is inside of them, and refuses what is not closed. */
function moduleName(text: string): string | undefined {
  const parts = text.match(/\[[^\]]*\]|[^[\]]+/g) ?? [];
  if (parts.join('') !== text) return undefined;
  return parts.map((part) => (part.startsWith('[') ? part : withUnderscores(part))).join('');
}

function meaningOf({ logical }: LogicalLine): ModprobeMeaning {
  if (logical.startsWith('#')) return { kind: 'comment' };
  const first = nextWord(logical, 0);
  if (first === undefined) return { kind: 'nothing' };
  const { word } = first;
  const bad = (why: BadLine): ModprobeMeaning => ({ kind: 'bad', word, why });
  const verb = word.text;
  if (verb === 'include' || verb === 'config') return bad('deprecated');
  if (!isVerb(verb)) return bad('unknown');
  const second = nextWord(logical, first.next);
  if (second === undefined) return bad('no-module');
  const module = moduleName(second.word.text);
  if (module === undefined) return bad('brackets');
  const rest = { text: logical.slice(second.next), start: second.next };
  if (verb === 'alias') {
    const target = nextWord(logical, second.next);
    if (target === undefined) return bad('nothing-behind');
    if (moduleName(target.word.text) === undefined) return bad('brackets');
  } else if (verb !== 'blacklist' && rest.text === '') return bad('nothing-behind');
  return { kind: 'command', verb, module, modulePart: second.word, rest };
}

/** Never fails: what kmod leaves out is told by the line's meaning. */
export function readModprobe(text: ByteText): readonly ModprobeLine[] {
  return LogicalLine.all(text).map((line) => ({ line, meaning: meaningOf(line) }));
}

/** The text that was read, byte for byte. */
export function printModprobe(lines: readonly ModprobeLine[]): ByteText {
  return lines.map(({ line }) => line.text).join('');
}
