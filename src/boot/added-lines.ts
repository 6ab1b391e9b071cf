/** Lines that openslot adds to a file, each marked as its own by a comment, so that no other is ever removed. */
import type { ByteText, TextEdit } from './boot-file.js';

const MARK = '# openslot hide';

export function isAddedLine(line: ByteText): boolean {
  return line.trimEnd().endsWith(MARK);
}

/** At the end of the file; a last line without an end leaves the last of these without one. */
export function addLines(text: ByteText, lines: readonly string[]): TextEdit {
  const marked = lines.map((line) => `${line} ${MARK}`).join('\n');
  const open = text !== '' && !text.endsWith('\n');
  return { offset: text.length, length: 0, text: open ? `\n${marked}` : `${marked}\n` };
}

/** Takes whole lines away, in their order; where the last line goes that has no end, the end before it goes. */
export function removeLines(
  text: ByteText,
  lines: readonly { readonly start: number; readonly text: ByteText }[],
): readonly TextEdit[] {
  const edits: { offset: number; length: number; text: '' }[] = [];
  for (const { start, text: line } of lines) {
    const last = edits.at(-1);
    if (last?.offset === start - (last?.length ?? 0)) last.length += line.length;
    else edits.push({ offset: start, length: line.length, text: '' });
  }
  const last = edits.at(-1);
  if (
    last !== undefined &&
    last.offset + last.length === text.length &&
    !text.endsWith('\n') &&
    last.offset > 0
  ) {
    last.offset--;
    last.length++;
  }
  return edits;
}
