/** What the readers of boot files have in common: a text kept byte for byte, places in it, findings, and edits. */

/**
 * A file's text with one character for each byte (latin1), so that what is not changed is written back as it was,
 * whatever its encoding. Offsets count bytes.
 */
export type ByteText = string;

/** Something in a file that does not do what it seems to say, or not what its writer will have wanted. */
export interface BootFinding {
  /** Stable, in capitals, such as `LINE_TOO_LONG`: the rule. */
  readonly code: string;
  /** `error`: what the file says does not happen. `warning`: it happens, with a surprise. */
  readonly severity: 'error' | 'warning';
  /** Of the first byte it is about. */
  readonly offset: number;
  /** Bytes; 0 where something is missing. */
  readonly length: number;
  /** What stands there. */
  readonly what: string;
  /** What the real reader does with it. */
  readonly effect: string;
}

/** Replaces `length` bytes at `offset`. */
export interface TextEdit {
  readonly offset: number;
  readonly length: number;
  readonly text: ByteText;
}

/** Lines and columns from 1, columns in bytes. */
export function lineAndColumn(
  text: ByteText,
  offset: number,
): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}

/** The same for many places of one text: its lines are looked for once. */
export function placesIn(text: ByteText): (offset: number) => ReturnType<typeof lineAndColumn> {
  const starts = [0];
  for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) starts.push(feed + 1);
  return (offset) => {
    let line = 1;
    for (let after = starts.length; line < after;) {
      const middle = Math.ceil((line + after) / 2);
      if ((starts[middle - 1] ?? Infinity) <= offset) line = middle;
      else after = middle - 1;
    }
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}

/** The text with edits made, which must not overlap. @throws {RangeError} they do, or reach past the end. */
export function editText(text: ByteText, edits: readonly TextEdit[]): ByteText {
  let result = '';
  let done = 0;
  for (const { offset, length, text: replacement } of edits.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < done || offset + length > text.length)
      throw new RangeError(`edit at ${offset} of ${text.length}`);
    result += text.slice(done, offset) + replacement;
    done = offset + length;
  }
  return result + text.slice(done);
}

/** A kind of boot file, by the name that `--as` takes. */
export interface BootFileKind {
  readonly name: string;
  /** What reads such files, in words: `NetBSD's boot loader`. */
  readonly reader: string;
  /** Whether a file of this path is one by its name. */
  recognises(path: string): boolean;
  /**
   * Never throws: what is wrong is among the findings, in order of offset. With the path, where the real reader goes by
   * the file's name too.
   */
  lint(text: ByteText, path?: string): readonly BootFinding[];
  /** What was read, printed again: equal to the text, byte for byte. */
  print(text: ByteText): ByteText;
}
