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

function registerLines(register: DecodedRegister, bits: boolean): string[] {
  if (!bits) return [registerLine(register)].filter((line) => line !== undefined);
  const place = hexDigits(register.offset, 3);
  if (!register.readable) return [`  ${place}  ${register.name}  (not readable)`];
  const { name, hex, title, width, fields } = register;
  const ladder = fieldLadder(width, fields, BigInt(hex)).map((line) => `       ${line}`.trimEnd());
  return [`  ${place}  ${name.padEnd(26)} ${hex.padEnd(11)}${title}`, ...ladder];
}

function registerLine(register: DecodedRegister): string | undefined {
  if (HIDDEN.test(register.name)) return undefined;
  const place = hexDigits(register.offset, 3);
  if (!register.readable) return `  ${place}  ${register.name}  (not readable)`;
  const fields = register.fields.map((field) => fieldText(field, register.name)).join(' ');
  return `  ${place}  ${register.name.padEnd(26)} ${register.hex.padEnd(11)}${fields === register.hex ? '' : fields}`.trimEnd();
}

function findingLines(findings: FunctionFacts['findings']): string[] {
  const below = ''.padEnd(20);
  return findings.flatMap(({ code, severity, message, why, next }) => [
    `  ${severity === 'unsafe' ? '!' : ' '} ${code.padEnd(16)} ${message}`,
    ...(severity === 'unsafe' ? [`${below} ${why}`] : []),
    ...(next === '' ? [] : [`${below} ${next}`]),
  ]);
}

/** `bits`: each register with its bits drawn, none hidden. `names`: of pci.ids. */
export function functionLines(
  address: PciAddress,
  facts: FunctionFacts,
  { bits, names }: { readonly bits: boolean; readonly names?: FunctionNames | undefined },
): string[] {
  const { summary, regions, resetMethods, decoded } = facts;
  const lines = [`${String(address)}  ${decoded.class ?? 'unknown class'}`];
  const { name = null, subsystemName = null } = names ?? {};
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
    registers.flatMap((register) => registerLines(register, bits));
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
