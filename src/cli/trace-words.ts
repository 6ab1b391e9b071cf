/** How a guest's accesses read on a terminal and as data: one by one, and summed up. */
import {
  fieldWord,
  valuesText,
  type AccessReading,
  type AskedChange,
  type FunctionActivity,
  type TracedFunctionData,
  type TraceSummary,
  type WrittenField,
} from '../admin/policies/index.js';
import { hexNumber } from '../pci/index.js';

/** One access in one line, or as JSON. */
export function readingLine(fn: TracedFunctionData, reading: AccessReading, json: boolean): string {
  const { access, registers, changes } = reading;
  if (json) {
    const { value, takes, ...rest } = access;
    const asked = changes.map(({ name, from, to, refused }) => ({ name, from: from ?? null, to, refused }));
    const digits = access.width * 2;
    return JSON.stringify({
      address: fn.address,
      ...rest,
      value: hexNumber(value, digits),
      takes: hexNumber(takes, digits),
      registers,
      changes: asked,
    });
  }
  const time = (access.milliseconds / 1000).toFixed(3).padStart(9);
  const value = hexNumber(access.value, access.width * 2);
  const what = `${access.kind.padEnd(5)}  ${registers.join(', ')}  ${value}`;
  return [`${time}  ${fn.virtual}  ${what}`, ...endOf(reading)].join('  ');
}

function endOf({ access, changes }: AccessReading): readonly string[] {
  const failed = access.outcome === 'failed' ? ['failed'] : [];
  if (access.kind === 'read') return failed;
  const asked = (refused: boolean) => {
    const those = changes.filter((change) => change.refused === refused).map(changeText);
    return those.length === 0 ? [] : [`${refused ? 'refused: ' : ''}${those.join(', ')}`];
  };
  const refused = asked(true);
  const denied = access.outcome === 'denied' && refused.length === 0 ? ['refused'] : [];
  return [...refused, ...denied, ...asked(false), ...failed];
}

function changeText({ name, named, from, to }: AskedChange): string {
  const short = name.slice(name.lastIndexOf('.') + 1);
  const field = named?.field;
  return `${short} ${from === undefined ? '?' : fieldWord(field, from)} -> ${fieldWord(field, to)}`;
}

/** Makes lines of a head and rows, as a terminal shows tables. */
type Tabulate = (head: readonly string[], rows: readonly (readonly string[])[]) => string[];

export function summaryLines(summary: TraceSummary, tabulate: Tabulate): string[] {
  const lines = summary.functions.flatMap((each) => functionLines(each, tabulate));
  if (summary.lost > 0)
    lines.push(`${summary.lost} accesses were lost: the guest made more than could be fetched in time`);
  return lines.length === 0 ? ['the guest has no function, and got none'] : lines;
}

function functionLines(activity: FunctionActivity, tabulate: Tabulate): string[] {
  const { function: fn, reads, writes, written } = activity;
  const from = fn.fromTheStart ? '' : '; its driver had begun before the trace did';
  const lines = [
    `${fn.address}, ${fn.virtual} in the guest, policy ${fn.policy}: ${reads} reads, ${writes} writes${from}`,
  ];
  const section = (
    title: string,
    fields: readonly WrittenField[],
    count: (field: WrittenField) => number,
  ) => {
    if (fields.length === 0) return;
    const rows = fields.map((field) => [
      field.name,
      String(count(field)),
      `${(field.first / 1000).toFixed(3)} s`,
      valuesText(field),
    ]);
    const table = tabulate([title, 'WRITES', 'FIRST', 'VALUES'], rows);
    lines.push(...table.map((line) => `  ${line}`));
  };
  section(
    'REFUSED',
    written.filter(({ refused }) => refused > 0),
    ({ refused }) => refused,
  );
  section(
    'PASSED',
    written.filter(({ writes: all, refused }) => all > refused),
    ({ writes: all, refused }) => all - refused,
  );
  return lines;
}

export function summaryData(summary: TraceSummary) {
  return {
    lost: summary.lost,
    functions: summary.functions.map(({ function: fn, reads, writes, written }) => ({
      address: fn.address,
      virtual: fn.virtual,
      policy: fn.policy,
      fromTheStart: fn.fromTheStart,
      reads,
      writes,
      written: [...written]
        .sort((a, b) => Number(b.refused > 0) - Number(a.refused > 0))
        .map(({ name, writes: count, refused, first, from, values }) => ({
          name,
          writes: count,
          refused,
          firstSeconds: Number((first / 1000).toFixed(6)),
          from: from ?? null,
          values,
        })),
    })),
  };
}
