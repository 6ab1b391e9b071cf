/** A machine description from text. */
import { isNode, isScalar, Lexer, LineCounter, parseDocument, Parser, visit, type Document } from 'yaml';
import { messageOf } from '../../../pci/index.js';
import { MachineDescriptionError } from '../errors.js';
import type { MachineDescription } from './description.js';
import { rememberLines, type DescriptionPath } from './path.js';
import { checkDescription, DEEPEST } from './schema.js';

/** Characters of a description's text: three times that of a domain with all of its slots taken. */
const LONGEST = 1024 * 1024;

/**
 * Reads a machine from YAML, of which JSON is a part. `slot` is taken as it is written: `01.0` is no number there.
 * @throws {MachineDescriptionError}
 */
export function parseMachine(text: string): MachineDescription {
  if (text.length > LONGEST)
    throw new MachineDescriptionError('the description', `is longer than ${LONGEST}`);
  checkDepth(text);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = counter.linePos(error.pos[0]).line;
    throw new MachineDescriptionError('the description', `is no YAML: ${error.message}`, '', line);
  }
  visit(document, {
    Pair(_key, { key, value }) {
      if (isScalar(key) && key.value === 'slot' && isScalar(value) && value.source !== undefined) {
        value.value = value.source;
      }
    },
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Too many aliases of aliases: a small text that would become a huge machine.
    throw new MachineDescriptionError('the description', messageOf(cause));
  }
  if (typeof value === 'object' && value !== null) {
    rememberLines(value, (path) => lineIn(document, counter, path));
  }
  return checkDescription(value);
}

/**
 * Reading goes down into a text by recursion, and one that is deep enough takes the whole process with it. What stands
 * open at each place is known without.
 */
function checkDepth(text: string): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme));
    if (parser.stack.length <= DEEPEST) continue;
    throw new MachineDescriptionError('the description', `is more than ${DEEPEST} levels deep`);
  }
}

function lineIn(document: Document, counter: LineCounter, path: DescriptionPath): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const part = path.slice(0, length);
    const node: unknown = length === 0 ? document.contents : document.getIn(part, true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start === undefined) continue;
    return counter.linePos(start).line;
  }
  return undefined;
}
