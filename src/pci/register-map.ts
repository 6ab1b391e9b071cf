/** A register map: a table of a device's own registers, with the space that they stand in and the devices that have them. */
import { checkTable, type TableFinding } from './check-table.js';
import { OpenslotError } from './errors.js';
import { extentOf, type RegisterTable } from './registers.js';

/** Where registers stand: a region by its BAR, or configuration space. */
export type RegisterSpace = (typeof REGISTER_SPACES)[number];

/** Where registers of a map can stand. */
export const REGISTER_SPACES = ['bar0', 'bar1', 'bar2', 'bar3', 'bar4', 'bar5', 'config'] as const;

/** Index of the region that a space is, undefined for configuration space. */
export function regionIndex(space: RegisterSpace): number | undefined {
  return space === 'config' ? undefined : REGISTER_SPACES.indexOf(space);
}

/** Devices that have the registers: one by its ids, or every one of a class code (24 bits). */
export type DeviceMatch =
  | { readonly vendor: number; readonly device: number }
  /** What stands behind the class says how the device is programmed: NVMe, AHCI, xHCI. */
  | { readonly classCode: number };

/** Made by `registerMap`, whose result keeps names as types: `fn.registers(map)` has a property for each. */
export interface RegisterMap extends RegisterTable {
  readonly space: RegisterSpace;
  /** Empty: it is used for what it is named for only. */
  readonly devices: readonly DeviceMatch[];
}

/** Why a map is none. */
export type MapFinding =
  | TableFinding
  /** Configuration space has no accesses of 8 bytes, and 4096 bytes. */
  | { readonly code: 'TABLE_NOT_CONFIG'; readonly name: string }
  /** The name is one of the accessors that every register has. */
  | { readonly code: 'TABLE_NAME_RESERVED'; readonly name: string }
  /** A map is of registers that are always there. */
  | { readonly code: 'TABLE_CONDITIONAL'; readonly name: string };

/** What every register has besides its fields. */
const REGISTER_MEMBERS = ['value', 'read', 'write', 'set'] as const;

const CONFIG_BYTES = 4096;

/** A register map is not one that registers can be reached by. */
export class RegisterMapError extends OpenslotError {
  readonly code = 'REGISTER_MAP_UNSOUND';
  readonly findings: readonly MapFinding[];
  constructor(map: string, findings: readonly MapFinding[], where = '') {
    const texts = findings.map(mapFindingText);
    super(
      `the register map ${map}${where === '' ? '' : ` (${where})`}: ${texts.join('; ')}`,
      { map, findings: texts },
      'docs/registers.md tells what a map may say',
    );
    this.findings = findings;
  }
}

/**
 * A register map as it is written in a program: its type keeps the names, widths and accesses of its registers.
 * @throws {RegisterMapError} registers overlap, stand out of order, or are too wide.
 */
export function registerMap<const Map extends RegisterMap>(map: Map): Map {
  const findings = checkMap(map);
  if (findings.length > 0) throw new RegisterMapError(map.name, findings);
  return map;
}

/** What is wrong with a map, as data. */
export function checkMap(map: RegisterMap): MapFinding[] {
  const findings: MapFinding[] = [...checkTable(map)];
  for (const register of map.registers) {
    const name = `${map.name}.${register.name}`;
    if (register.when !== undefined) findings.push({ code: 'TABLE_CONDITIONAL', name });
    const end = register.offset + extentOf(register);
    if (map.space === 'config' && (register.width === 8 || end > CONFIG_BYTES))
      findings.push({ code: 'TABLE_NOT_CONFIG', name });
    for (const field of register.fields)
      if ((REGISTER_MEMBERS as readonly string[]).includes(field.name))
        findings.push({ code: 'TABLE_NAME_RESERVED', name: `${name}.${field.name}` });
  }
  return findings;
}

/** Maps of these that are for a device. */
export function mapsFor(
  maps: readonly RegisterMap[],
  identity: { readonly vendor: number; readonly device: number; readonly classCode: number },
): RegisterMap[] {
  return maps.filter(({ devices }) =>
    devices.some((match) =>
      'classCode' in match
        ? match.classCode === identity.classCode
        : match.vendor === identity.vendor && match.device === identity.device,
    ),
  );
}

/** A finding in words. */
function mapFindingText(finding: MapFinding): string {
  const { name } = finding;
  switch (finding.code) {
    case 'TABLE_NAME_MALFORMED':
      return `"${name}" has a part that is no name: a small letter, then small letters, digits and underscores`;
    case 'TABLE_NAME_DUPLICATE':
      return `${name} is there twice`;
    case 'TABLE_REGISTER_UNALIGNED':
      return `${name} stands at 0x${finding.offset.toString(16)}, which one access of ${finding.width} bytes cannot reach`;
    case 'TABLE_REGISTER_ORDER':
      return `${name} stands behind ${finding.other} and has a lower offset`;
    case 'TABLE_REGISTER_OVERLAP':
      return `${name} and ${finding.other} overlap`;
    case 'TABLE_FIELD_OUTSIDE':
      return `${name} has bits ${finding.high}:${finding.low} of a register of ${finding.width * 8} bits`;
    case 'TABLE_FIELD_OVERLAP':
      return `${name} and ${finding.other} have bits in common`;
    case 'TABLE_FIELD_TOO_WIDE':
      return `${name} has bits ${finding.high}:${finding.low}, too many for what it is: a flag has one, a number at most 53`;
    case 'TABLE_VALUE_OUTSIDE':
      return `${name} names the value ${finding.value}, which it cannot hold`;
    case 'TABLE_REPEAT_MALFORMED':
      return `${name} is repeated ${finding.count} times at a stride of ${finding.stride} bytes: 2 to 65536 times, and a stride of whole registers`;
    case 'TABLE_NOT_CONFIG':
      return `${name} cannot stand in configuration space, which has 4096 bytes and no accesses of 8`;
    case 'TABLE_NAME_RESERVED':
      return `${name} cannot be named so: every register has ${REGISTER_MEMBERS.join(', ')}`;
    case 'TABLE_CONDITIONAL':
      return `${name} is there under a condition, and the registers of a map always are`;
  }
}
