/** A decoded function as lines of text for a person. */
import type { FindingData } from '../admin/index.js';
import type { FunctionSummary, RegionInfo, ResetMethod } from '../function/index.js';
import {
  hexDigits,
  hexNumber,
  type DecodedField,
  type DecodedFunction,
  type DecodedRegister,
  type PciAddress,
} from '../pci/index.js';
import { fieldLadder } from '../proto/registers/bit-ladder.js';
import type { Wire } from '../owner/index.js';
import type { FunctionNames } from './names-in-use.js';
import { productDataLines } from './product-data-text.js';
import { sizeText } from './size-text.js';

export interface FunctionFacts {
  readonly summary: FunctionSummary | undefined;
  readonly regions: readonly RegionInfo[];
  readonly resetMethods: readonly ResetMethod[];
  readonly interruptLine: number | undefined;
  readonly decoded: DecodedFunction;
  /** Vital product data from address 0 on; undefined where there is none, or `summary.unreadable` says why. */
  readonly vpd: Uint8Array | undefined;
  /** What it shares with others and lacks. */
  readonly findings: readonly Wire<FindingData>[];
}

/** Registers that say nothing by themselves: regions are shown as such, list pointers as the list. */
const HIDDEN = /^header\.(bar\d|rom|capabilities)$|\.(id|next|capability|list)$/;

function regionLine({ index, kind, size, address, prefetchable, wide }: RegionInfo): string {
  const what = [
    kind === 'io' ? 'I/O ports' : 'memory',
    wide ? '64-bit' : '',
    prefetchable ? 'prefetchable' : '',
  ];
  const name = index === 6 ? 'ROM ' : `BAR${index}`;
  const where = address === 0n ? 'no address' : hexNumber(address);
  return `  ${name}  ${where}, ${sizeText(size)}, ${what.filter((word) => word !== '').join(', ')}`;
}

export function fieldText({ name, value, unit }: DecodedField, register: string): string {
  const short = name === register ? '' : name.slice(register.length + 1);
  if (typeof value === 'boolean') return `${short}${value ? '+' : '-'}`;
  const shown = `${value}${unit === undefined || unit === '' ? '' : ` ${unit}`}`;
  return short === '' ? shown : `${short}=${shown}`;
}

function registerLines(register: DecodedRegister, bits: boolean, columns: number): string[] {
  if (!bits) return fieldLines(register, columns);
  const place = hexDigits(register.offset, 3);
  if (!register.readable) return [`  ${place}  ${register.name}  (not readable)`];
  const { name, hex, title, width, fields } = register;
  const ladder = fieldLadder(width, fields, BigInt(hex)).map((line) => `       ${line}`.trimEnd());
  return [`  ${place}  ${name.padEnd(26)} ${hex.padEnd(11)}${title}`, ...ladder];
}

/** Fewer columns than this beside the number of a register are no place for its fields. */
const LEAST_COLUMNS = 24;

/** The register with its fields behind it; below each other where they need more than `columns`, none cut in two. */
function fieldLines(register: DecodedRegister, columns: number): string[] {
  if (HIDDEN.test(register.name)) return [];
  const place = register.offset.toString(16).padStart(3, '0');
  if (!register.readable) return [`  ${place}  ${register.name}  (not readable)`];
  const { name, hex } = register;
  const head = `  ${place}  ${name.padEnd(26)} ${hex.padEnd(11)}`;
  const texts = register.fields.map((field) => fieldText(field, name)).filter((text) => text !== hex);
  const room = columns - head.length < LEAST_COLUMNS ? Infinity : columns - head.length;
  const rows = [''];
  for (const text of texts) {
    const row = rows.at(-1) ?? '';
    if (row === '') rows[rows.length - 1] = text;
    else if (row.length + 1 + text.length <= room) rows[rows.length - 1] = `${row} ${text}`;
    else rows.push(text);
  }
  return rows.map((row, index) => `${index === 0 ? head : ''.padEnd(head.length)}${row}`.trimEnd());
}

function findingLines(findings: FunctionFacts['findings']): string[] {
  const below = ''.padEnd(20);
  const marks = { critical: ' !!', unsafe: '  !', note: '   ' } as const;
  return findings.flatMap(({ code, severity, message, why, next }) => [
    `${marks[severity]} ${code.padEnd(16)} ${message}`,
    ...(severity === 'note' ? [] : [`${below} ${why}`]),
    ...(next === '' ? [] : [`${below} ${next}`]),
  ]);
}

export interface FunctionTextOptions {
  /** Each register with its bits drawn, none hidden. */
  readonly bits: boolean;
  /** Of pci.ids. */
  readonly names?: FunctionNames | undefined;
  /** By openslot name. */
  readonly givenName?: string | undefined;
  /** Of the terminal; where it is none, a register is one line, whatever its length. */
  readonly columns?: number | undefined;
}

export function functionLines(
  address: PciAddress,
  facts: FunctionFacts,
  { bits, names, givenName, columns = Infinity }: FunctionTextOptions,
): string[] {
  const { summary, regions, resetMethods, decoded } = facts;
  const lines = [`${String(address)}  ${decoded.class ?? 'unknown class'}`];
  const { name = null, subsystemName = null } = names ?? {};
  if (givenName !== undefined) lines.push(`  named          ${givenName}`);
  if (name !== null) lines.push(`  name           ${name}`);
  if (subsystemName !== null) lines.push(`  subsystem      ${subsystemName}`);
  lines.push(`  driver         ${summary?.driver ?? 'none'}`);
  if (summary?.iommuGroup !== undefined) lines.push(`  IOMMU group    ${summary.iommuGroup}`);
  lines.push(`  reset          ${resetMethods.length === 0 ? 'no method' : resetMethods.join(', ')}`);
  for (const { what, why } of summary?.unreadable ?? []) lines.push(`  not shown      ${what}: ${why}`);
  if (facts.findings.length > 0)
    lines.push('', 'To know before it is given away', ...findingLines(facts.findings));
  lines.push('', 'Regions', ...(regions.length === 0 ? ['  none'] : regions.map(regionLine)));
  const linesOf = (registers: readonly DecodedRegister[]) =>
    registers.flatMap((register) => registerLines(register, bits, columns));
  lines.push('', 'Header', ...linesOf(decoded.header));
  for (const capability of decoded.capabilities) {
    const { id, title, offset, registers } = capability;
    const name = title ?? `capability ${hexNumber(id, 2)}`;
    lines.push('', `${name} at ${hexNumber(offset)}`, ...linesOf(registers));
  }
  if (facts.vpd !== undefined) lines.push('', ...productDataLines(facts.vpd));
  for (const finding of decoded.findings) {
    lines.push('', `! ${finding.code}${'offset' in finding ? ` at ${hexNumber(finding.offset)}` : ''}`);
  }
  return lines;
}
