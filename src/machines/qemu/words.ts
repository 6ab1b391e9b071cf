/** Splits text into words as a shell's quoting does, and as nothing else of a shell does. */
import { QemuArgumentError } from './errors.js';

/** Inside of double quotes a backslash quotes these alone (POSIX.1-2017, Shell Command Language, 2.2.3). */
const QUOTED_IN_DOUBLE = new Set(['\\', '"', '$', '`']);
/** What a shell would do something with. Here nothing is done, so that unquoted it would be a surprise. */
const ACTIVE = new Set(['|', '&', ';', '<', '>', '(', ')', '$', '`', '\n']);

/**
 * Words by blanks; quoting by backslash, single and double quotes. Nothing is expanded.
 * @throws {QemuArgumentError} a quote that does not end, or an unquoted character that a shell acts upon.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  /** undefined between two words. */
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const { content, end } = quoted(text, at, character);
      word = (word ?? '') + content;
      at = end;
    } else if (character === '\\') {
      if (++at === text.length)
        throw new QemuArgumentError(text, 'it ends in a backslash that quotes nothing');
      word = (word ?? '') + text.charAt(at);
    } else if (ACTIVE.has(character)) {
      const shown = character === '\n' ? 'a line end' : character;
      throw new QemuArgumentError(text, `${shown} at ${at + 1} is not for a shell here: quote it`);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function quoted(
  text: string,
  start: number,
  quote: string,
): { readonly content: string; readonly end: number } {
  let content = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === quote) return { content, end: at };
    if (quote === '"' && character === '\\' && QUOTED_IN_DOUBLE.has(text.charAt(at + 1))) at++;
    content += text.charAt(at);
  }
  throw new QemuArgumentError(text, `the quote ${quote} at ${start + 1} does not end`);
}
