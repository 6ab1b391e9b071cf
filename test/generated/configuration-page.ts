/** The page of all registers of configuration space, as the tables have them. */
import {
  criticalField,
  dottedName,
  tables,
  type Field,
  type Register,
  type RegisterTable,
} from '../../src/pci/index.js';

const HEAD = `# Registers of configuration space

The names by which \`openslot get\`, \`set\` and \`watch\` know a header or a capability, its registers and their fields
([registers.md](registers.md)). This page is made from the tables that decode them: \`npm run docs\` writes it.

Offsets count from the beginning of the header or capability, in bytes. A register "of some" is there only where the
function's version, type or options say so. What may be done to a field (PCI Express Base 6.0, 7.4): \`ro\` read;
\`rw\` read and write; \`w1c\` a written 1 clears it; \`rc\` a read clears it; \`wo\` write only; \`rsvdp\` and \`rsvdz\`
reserved. What is sticky survives a reset. What is critical is set only with \`--even-if-critical\`.
`;

export function configurationPage(): string {
  return `${[HEAD, ...tables.map(tableText)].join('\n')}`;
}

function tableText(table: RegisterTable): string {
  const rows = table.registers.flatMap((register) => registerRows(table, register));
  return [
    `## ${table.name}: ${table.title}`,
    '',
    `${table.source}.`,
    '',
    '| name | at | access | what it is |',
    '| --- | --- | --- | --- |',
    ...rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
    '',
  ].join('\n');
}

function registerRows(table: RegisterTable, register: Register): string[][] {
  const { offset, width, repeat, when, title, fields } = register;
  const hex = `0x${offset.toString(16).padStart(2, '0')}`;
  const bytes = `${width} ${width === 1 ? 'byte' : 'bytes'}`;
  const name =
    repeat === undefined
      ? dottedName(table, register)
      : `${dottedName(table, register)}[0…${repeat.count - 1}]`;
  const [only] = fields;
  const alone = only?.name === '' ? only : undefined;
  const how = when === undefined ? '' : 'of some';
  const remarks = alone === undefined ? [title] : [title, ...remarksOf(table, register, alone)];
  const head = [
    `\`${name}\``,
    `${hex}, ${bytes}`,
    alone === undefined ? '' : accessOf(alone),
    [...remarks, how].filter((text) => text !== '').join('; '),
  ];
  if (alone !== undefined) return [head];
  return [
    head,
    ...fields.map((field) => [
      `\`${name}.${field.name}\``,
      field.low === field.high ? `bit ${field.low}` : `bits ${field.high}:${field.low}`,
      accessOf(field),
      [field.title, ...remarksOf(table, register, field)].join('; '),
    ]),
  ];
}

function accessOf({ access, sticky }: Field): string {
  return sticky === true ? `\`${access}\`, sticky` : `\`${access}\``;
}

function remarksOf(table: RegisterTable, register: Register, field: Field): string[] {
  const critical = criticalField(table, register, field);
  const shown = shownAs(field);
  if (critical === undefined) return shown === '' ? [] : [shown];
  const { why, change } = critical;
  return [
    ...(shown === '' ? [] : [shown]),
    `critical${change === undefined ? '' : ` where it is ${change}`}: ${why}`,
  ];
}

function shownAs({ show }: Field): string {
  switch (show.kind) {
    case 'flag':
      return '';
    case 'number': {
      const { unit = '', times = 1, plus = 0 } = show;
      const scale = times === 1 ? '' : `times ${times}`;
      const more = plus === 0 ? '' : `plus ${plus}`;
      return [scale, more, unit].filter((text) => text !== '').join(' ');
    }
    case 'hex':
      return (show.shift ?? 0) === 0 ? '' : `hexadecimal, ${show.shift ?? 0} low bits implied`;
    case 'power2':
      return `${show.base} ${show.unit}, each step doubles it`;
    case 'values':
      return Object.entries(show.values)
        .map(([raw, name]) => `${raw} ${name}`)
        .join(', ');
  }
}
