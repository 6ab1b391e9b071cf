/** The text of a policy: YAML with the names of what a guest may write, one a line, so that it can be reviewed. */
import { isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, Parser, type Node } from 'yaml';
import { PolicyMalformedError } from './errors.js';

/** A register, a field, or a place as the text names it. */
export interface PolicyEntry {
  readonly name: string;
  readonly line: number;
}

/** docs/policy.md has the form of its text. */
export interface PolicyDocument {
  /** Name of the text, for findings. */
  readonly file: string;
  /** `8086:10d3`; undefined for a policy of no device in particular. */
  readonly device: string | undefined;
  readonly subsystem: string | undefined;
  readonly allow: readonly PolicyEntry[];
  /** Allowed although it can harm the host: each was taken here by hand. */
  readonly dangerous: readonly PolicyEntry[];
}

/** Characters of a policy, and entries of it: more than configuration space has registers. */
const LONGEST = 256 * 1024;
const MOST_ENTRIES = 4096;
/** Levels that stand open at one place of the text. */
const DEEPEST = 16;

const KEYS: ReadonlySet<string> = new Set(['policy', 'device', 'subsystem', 'allow', 'dangerous']);

/**
 * @param file name of it, for errors.
 * @throws {PolicyMalformedError}
 */
export function parsePolicy(text: string, file: string): PolicyDocument {
  if (text.length > LONGEST)
    throw new PolicyMalformedError(file, undefined, `it is longer than ${LONGEST} characters`);
  checkDepth(text, file);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const lineAt = (position: number) => counter.linePos(position).line;
  const [error] = document.errors;
  if (error !== undefined)
    throw new PolicyMalformedError(file, lineAt(error.pos[0]), `it is no YAML: ${error.message}`);
  const root: Node | null = document.contents;
  if (!isMap(root)) throw new PolicyMalformedError(file, 1, 'a policy begins with policy: 1');
  const values = new Map<string, unknown>();
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const start = isScalar(key) ? key.range?.[0] : undefined;
    if (!KEYS.has(name))
      throw new PolicyMalformedError(
        file,
        start === undefined ? undefined : lineAt(start),
        `a policy has ${[...KEYS].join(', ')}, and no ${name === '' ? 'such key' : name}`,
      );
    values.set(name, value);
  }
  const reader = new Values(values, file, lineAt);
  if (reader.scalar('policy') !== '1')
    throw new PolicyMalformedError(file, reader.line('policy') ?? 1, 'a policy begins with policy: 1');
  return {
    file,
    device: reader.ids('device'),
    subsystem: reader.ids('subsystem'),
    allow: reader.names('allow'),
    dangerous: reader.names('dangerous'),
  };
}

/** Reading goes down into a text by recursion, and one that is deep enough takes the whole process with it. */
function checkDepth(text: string, file: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > DEEPEST)
      throw new PolicyMalformedError(file, undefined, `it is more than ${DEEPEST} levels deep`);
  }
}

/** The names that a guest may write. */
export function allowedNames({ allow, dangerous }: PolicyDocument): readonly string[] {
  return [...allow, ...dangerous].map(({ name }) => name);
}

class Values {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #file: string;
  readonly #lineAt: (position: number) => number;

  constructor(values: ReadonlyMap<string, unknown>, file: string, lineAt: (position: number) => number) {
    this.#values = values;
    this.#file = file;
    this.#lineAt = lineAt;
  }

  line(key: string): number | undefined {
    return this.#lineOf(this.#values.get(key));
  }

  /** As it is written: `0010:0001` is a number to nobody here. */
  scalar(key: string): string | undefined {
    const value = this.#values.get(key);
    return isScalar(value) ? (value.source ?? String(value.value)) : undefined;
  }

  /** @throws {PolicyMalformedError} */
  ids(key: string): string | undefined {
    if (!this.#values.has(key)) return undefined;
    const text = this.scalar(key)?.toLowerCase();
    if (text !== undefined && /^[0-9a-f]{4}:[0-9a-f]{4}$/.test(text)) return text;
    throw new PolicyMalformedError(this.#file, this.line(key), `${key} is two ids, like 8086:10d3`);
  }

  /** An absent list and one in which everything is a comment are empty. @throws {PolicyMalformedError} */
  names(key: string): readonly PolicyEntry[] {
    const list = this.#values.get(key);
    if (list === undefined || list === null || (isScalar(list) && list.value === null)) return [];
    if (!isSeq(list) || list.items.length > MOST_ENTRIES)
      throw new PolicyMalformedError(this.#file, this.line(key), `${key} is a list of names`);
    return list.items.map((item) => {
      const line = this.#lineOf(item) ?? this.line(key) ?? 1;
      if (!isScalar(item) || typeof item.value !== 'string')
        throw new PolicyMalformedError(this.#file, line, `${key} is a list of names, like header.cache_line`);
      return { name: item.value, line };
    });
  }

  #lineOf(value: unknown): number | undefined {
    const start = isScalar(value) || isSeq(value) || isMap(value) ? value.range?.[0] : undefined;
    return start === undefined ? undefined : this.#lineAt(start);
  }
}
