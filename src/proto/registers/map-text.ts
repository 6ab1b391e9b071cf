/** The text of a register map: JSON or YAML, which JSON is a part of, and the line of each part. */
import { isNode, Lexer, LineCounter, parseDocument, Parser, type Document } from 'yaml';
import { messageOf } from '../../pci/index.js';
import { MapFormError } from './errors.js';

/** Characters of a map's text, and levels that stand open at one place of it. */
const LONGEST = 4 * 1024 * 1024;
const DEEPEST = 64;

/** Keys and numbers that lead to a part. */
export type Path = readonly PropertyKey[];

export interface ParsedText {
  readonly value: unknown;
  /** Line, from 1, of the nearest part that the text has. */
  readonly lineOf: (path: Path) => number | undefined;
}

/** @throws {MapFormError} */
export function parseText(text: string, file: string): ParsedText {
  if (text.length > LONGEST)
    throw new MapFormError(file, undefined, '', `it is longer than ${LONGEST} characters`);
  // Reading goes down by recursion: a text that is deep enough would take the whole process with it.
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > DEEPEST)
      throw new MapFormError(file, undefined, '', `it is more than ${DEEPEST} levels deep`);
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = counter.linePos(error.pos[0]);
    throw new MapFormError(file, line, '', `it is neither JSON nor YAML: ${error.message}`);
  }
  try {
    return {
      value: document.toJS({ maxAliasCount: 100 }),
      lineOf: (path) => lineIn(document, counter, path),
    };
  } catch (cause) {
    throw new MapFormError(file, undefined, '', messageOf(cause));
  }
}

function lineIn(document: Document, counter: LineCounter, path: Path): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return counter.linePos(start).line;
  }
  return undefined;
}

/** `registers[2].fields[0].bits`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
