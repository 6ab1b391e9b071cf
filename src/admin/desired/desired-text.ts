/** A desired state from text. */
import { isNode, Lexer, LineCounter, parseDocument, Parser, type Document } from 'yaml';
import { messageOf } from '../../pci/index.js';
import { desiredStateSchema, type DesiredState } from './desired-state.js';
import { DesiredStateError } from './errors.js';

/** Characters; 256 functions with all that can be said of them are a tenth of it. */
const LONGEST = 512 * 1024;
/** Levels that stand open at once: the parser goes down by recursion. */
const DEEPEST = 64;

/** A desired state with its places, for messages. */
export interface DesiredText {
  readonly state: DesiredState;
  /** Line of each function in the text, from 1 on. */
  readonly lines: readonly number[];
}

/** YAML, of which JSON is a part. `file`: as errors call it. @throws {DesiredStateError} */
export function parseDesiredState(text: string, file: string): DesiredText {
  const refuse = (why: string, line?: number) => new DesiredStateError(file, why, line);
  if (text.length > LONGEST) throw refuse(`it is longer than ${LONGEST} characters`);
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > DEEPEST) throw refuse(`it is more than ${DEEPEST} levels deep`);
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined)
    throw refuse(`it is no YAML: ${error.message}`, counter.linePos(error.pos[0]).line);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Too many aliases of aliases: a small text that would become a huge one.
    throw refuse(messageOf(cause));
  }
  const checked = desiredStateSchema.safeParse(value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const path = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
    const where = path.length === 0 ? '' : `${path.join('.')}: `;
    throw refuse(`${where}${issue?.message ?? 'it does not fit'}`, lineOf(document, counter, path));
  }
  const lines = checked.data.functions.map(
    (_, index) => lineOf(document, counter, ['functions', index]) ?? 1,
  );
  return { state: checked.data, lines };
}

/** Of the innermost part that is there; undefined where there is none. */
function lineOf(
  document: Document,
  counter: LineCounter,
  path: readonly (string | number)[],
): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const [start] = (isNode(node) ? node.range : undefined) ?? [];
    if (start !== undefined) return counter.linePos(start).line;
  }
  return undefined;
}
