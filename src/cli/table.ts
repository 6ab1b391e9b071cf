/** Tables on a terminal: columns that align, a bold head, nothing that gets in the way of grep. */
import { colorsOf } from './terminal-colors.js';

const GAP = '  ';

/** Two columns of a terminal for a character of the wide East Asian scripts, none for one that is drawn over another. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u;
const OVER = /\p{Mn}|\p{Me}|\p{Cf}/u;
const PLAIN = /^[\x20-\x7e]*$/;

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(`${tableLines(head, rows, colorsOf(process.stdout).bold).join('\n')}\n`);
}

/** Every column as wide as its widest text; blanks at the end of a line are left away. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  bold: (text: string) => string = (text) => text,
): string[] {
  const widths = head.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[column] ?? '')), columnsOf(name)),
  );
  const line = (cells: readonly string[], shown: (text: string) => string) => {
    const used = cells.findLastIndex((cell) => cell !== '') + 1;
    return cells
      .slice(0, used)
      .map((cell, column) => {
        const blanks = column + 1 === used ? 0 : (widths[column] ?? 0) - columnsOf(cell);
        return shown(cell) + ' '.repeat(blanks);
      })
      .join(GAP);
  };
  return [line(head, bold), ...rows.map((row) => line(row, (text) => text))];
}

/** How many columns of a terminal a text takes. */
function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += OVER.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}
