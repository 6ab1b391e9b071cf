/** The tokens of an xl.cfg, each with its place in the text: what libxlu's scanner makes of it. */
import { OpenslotError } from '../../pci/index.js';

/** Where something stands in a file. */
export interface TextPosition {
  /** In UTF-16 units from the beginning. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** The text is no xl.cfg, or says something else than a setting can be. */
export class XlConfigError extends OpenslotError {
  readonly code = 'XL_CONFIG_MALFORMED';
  readonly at: TextPosition;
  readonly why: string;
  constructor(source: string, at: TextPosition, why: string, options?: ErrorOptions) {
    const { line, column } = at;
    super(`${source}:${line}:${column}: ${why}`, { source, line, column, why }, 'xl.cfg(5)', options);
    this.at = at;
    this.why = why;
  }
}

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | '=' | '+=' | '[' | ']' | ',' | ';' | 'line end' | 'end';
  /** Of a string what it means; of everything else what is written. */
  readonly text: string;
  readonly at: TextPosition;
  /** Offset behind it. */
  readonly end: number;
}

/** Tokens by their beginnings; of two that fit none is longer than the first. */
const PATTERNS = [
  ['blank', /[ \t]+/y],
  // A comment ends its line, so one in the last line needs a line end.
  ['line end', /(?:#.*)?\n/y],
  ['name', /[a-z][_0-9a-z]*/y],
  ['number', /[0-9][0-9a-fx]*/y],
  ['+=', /\+=/y],
  ['=', /=/y],
  ['[', /\[/y],
  [']', /\]/y],
  [',', /,/y],
  [';', /;/y],
] as const;

const ESCAPES: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '\\': '\\',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** `source` is the file's name, for errors. @returns at last the end. @throws {XlConfigError} */
export function* tokensOf(text: string, source: string): Generator<Token, Token> {
  const place = { offset: 0, line: 1, column: 1 };
  while (place.offset < text.length) {
    const at = { ...place };
    const [kind, written] = next(text, at, source);
    place.offset += written.length;
    place.column += written.length;
    if (kind === 'blank') continue;
    const meant = kind === 'string' ? unquoted(written, at, source) : written;
    yield { kind, text: meant, at, end: place.offset };
    if (kind === 'line end') {
      place.line++;
      place.column = 1;
    }
  }
  return { kind: 'end', text: '', at: { ...place }, end: place.offset };
}

function next(text: string, at: TextPosition, source: string) {
  const closed = stringEnd(text, at.offset);
  if (closed !== undefined) return ['string', text.slice(at.offset, closed)] as const;
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at.offset;
    const match = pattern.exec(text);
    if (match !== null) return [kind, match[0]] as const;
  }
  const [rest = ''] = text.slice(at.offset).split('\n', 1);
  throw new XlConfigError(source, at, reasonFor(rest));
}

/**
 * Behind the quote that closes the string in its line; undefined where none begins, or it has no end. By hand: a pattern
 * keeps a way back for each escape, and a string of millions of them would be more than the process has room for.
 */
function stringEnd(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  if (quote !== "'" && quote !== '"') return undefined;
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === quote) return at + 1;
    if (character === '\n') return undefined;
    if (character === '\\' && /[\n\r]/.test(text.charAt(++at))) return undefined;
  }
  return undefined;
}

function reasonFor(rest: string): string {
  const [first = ''] = rest;
  if (first === '#')
    return 'a comment in the last line needs a line end behind it, or xl does not read the file';
  if (first === "'" || first === '"') return `the string has no ${first} at its end in this line`;
  if (first === '\r') return 'a carriage return: lines end with a line feed alone';
  const [word = first] = /^[A-Za-z_]\w*/.exec(rest) ?? [];
  return `xl.cfg has no ${JSON.stringify(word)}; names are in small letters, texts in quotes`;
}

function unquoted(written: string, at: TextPosition, source: string): string {
  const within = (offset: number): TextPosition => ({
    offset: at.offset + offset,
    line: at.line,
    column: at.column + offset,
  });
  let meant = '';
  for (let offset = 1; offset < written.length - 1; offset++) {
    const character = written.charAt(offset);
    if (character === '\0') throw new XlConfigError(source, within(offset), 'a NUL in a string');
    if (character !== '\\') {
      meant += character;
      continue;
    }
    const escape = written.charAt(offset + 1);
    const value = ESCAPES[escape];
    if (value === undefined)
      throw new XlConfigError(
        source,
        within(offset),
        /[0-7x]/.test(escape)
          ? 'characters by number: xl refuses most and loses the others'
          : `\\${escape} means nothing; a backslash is written \\\\`,
      );
    meant += value;
    offset++;
  }
  return meant;
}
