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
  const refuse = (why: string) => new DesiredStateError(file, [{ why }]);
  if (text.length > LONGEST) throw refuse(`it is longer than ${LONGEST} characters`);
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > DEEPEST) throw refuse(`it is more than ${DEEPEST} levels deep`);
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const [first, ...others] = document.errors.map(({ message, pos }) => ({
    why: `it is no YAML: ${message}`,
    line: counter.linePos(pos[0]).line,
  }));
  if (first !== undefined) throw new DesiredStateError(file, [first, ...others]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Too many aliases of aliases: a small text that would become a huge one.
    throw refuse(messageOf(cause));
  }
  const checked = desiredStateSchema.safeParse(value);
  if (!checked.success) {
    const faults = checked.error.issues.map((issue) => {
      const path = issue.path.filter((step) => typeof step !== 'symbol');
      const where = path.length === 0 ? '' : `${path.join('.')}: `;
      return { why: `${where}${issue.message}`, line: lineOf(document, counter, path) };
    });
    const [fault = { why: 'it does not fit' }, ...more] = faults.sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0),
    );
    throw new DesiredStateError(file, [fault, ...more]);
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
