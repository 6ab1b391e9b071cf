/** Tables on a terminal: columns that align, a bold head, nothing that gets in the way of grep. */
import pc from 'picocolors';

const BETWEEN = '  ';

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const { bold } = pc.createColors(pc.isColorSupported && process.stdout.isTTY);
  const widths = head.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, characters(row[column] ?? '')), characters(name)),
  );
  const line = (cells: readonly string[], style = (text: string) => text) =>
    cells
      .map((cell, column) => style(cell) + ' '.repeat((widths[column] ?? 0) - characters(cell)))
      .join(BETWEEN)
      .trimEnd();
  process.stdout.write(`${[line(head, bold), ...rows.map((row) => line(row))].join('\n')}\n`);
}

/** As a terminal has them, for scripts whose characters take one place each. */
function characters(text: string): number {
  return [...text].length;
}
