/** Tables on a terminal: columns that align, a bold head, nothing that gets in the way of grep. */
import Table from 'cli-table3';
import pc from 'picocolors';

const NO_BORDERS = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
);

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const colors = pc.createColors(pc.isColorSupported && process.stdout.isTTY);
  const table = new Table({
    head: head.map((name) => colors.bold(name)),
    chars: { ...NO_BORDERS, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  const text = table.toString();
  process.stdout.write(
    `${text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')}\n`,
  );
}
