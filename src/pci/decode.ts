/** The decoder: register tables applied to configuration space, giving plain data for every face to show. */
import { barCount, decodeBars, decodeRom, romOffset } from './bars.js';
import type { BarFinding, BarSlot } from './bars.js';
import { walkCapabilities, walkExtendedCapabilities } from './capabilities.js';
import type { CapabilityFinding } from './capabilities.js';
import { capabilityNames, extendedCapabilityNames } from './capability-ids.js';
import { className } from './classes.js';
import { bitsOf, fieldValue, isExact, rawIn } from './field-values.js';
import { hexNumber } from './hex-digits.js';
import { dottedName, isReadable, registersThere, tableReader } from './registers.js';
import type { Access, ConfigReader, Field, Register, RegisterTable, Width } from './registers.js';
import { capabilityTable, extendedCapabilityTable, headerTable } from './tables/index.js';

/** A field with its value. */
export interface DecodedField {
  /** Dotted: `pcie.devctl.max_payload`. */
  readonly name: string;
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly access: Access;
  readonly sticky: boolean;
  /** The bits as they are; bigint for a register of 8 bytes that is one number by itself. */
  readonly raw: number | bigint;
  /**
   * What they stand for: a boolean (flag), a number of `unit` (number, power2), `0x…` (hex),
   * a name (values; the raw number where it has none).
   */
  readonly value: boolean | number | string;
  readonly unit?: string;
}

/** A register of a table that is present. */
export type DecodedRegister = {
  readonly name: string;
  readonly title: string;
  /** In configuration space. */
  readonly offset: number;
  readonly width: Width;
} & (
  | { readonly readable: true; readonly hex: string; readonly fields: readonly DecodedField[] }
  /** Lies past the readable size. */
  | { readonly readable: false }
);

/** A BAR slot with its address as text, since JSON has no bigint. */
export type DecodedBar = BarSlot extends infer Slot
  ? Slot extends { readonly address: bigint }
    ? Omit<Slot, 'address'> & { readonly address: string }
    : Slot
  : never;

/** A capability of either list. */
export interface DecodedCapability {
  readonly list: 'standard' | 'extended';
  readonly id: number;
  /** Short name, where the id is known. */
  readonly name?: string;
  readonly title?: string;
  /** Of the entry; extended list only. */
  readonly version?: number;
  readonly offset: number;
  /** Empty where the capability has no table. */
  readonly registers: readonly DecodedRegister[];
}

/** What is wrong with configuration space that was decoded: data about the device, never thrown. */
export type DecodeFinding =
  | CapabilityFinding
  | BarFinding
  /** Reads all ones: no function answers here, or it is gone. */
  | { readonly code: 'FUNCTION_ABSENT' }
  /** The header layout has no table; only what all layouts share is decoded. */
  | { readonly code: 'HEADER_UNKNOWN'; readonly layout: number }
  /** Capabilities stand within each other: from the one at `offset` on, no registers are told. */
  | {
      readonly code: 'CAPABILITY_OVERLAP';
      readonly list: 'standard' | 'extended';
      readonly offset: number;
    };

/** All that the tables know about a function: JSON, but for the bigints among the raw numbers. */
export interface DecodedFunction {
  /** Name of the class code; absent when that is not readable. */
  readonly class?: string;
  readonly header: readonly DecodedRegister[];
  readonly bars: readonly DecodedBar[];
  readonly rom?: { readonly offset: number; readonly enabled: boolean; readonly address: string };
  readonly capabilities: readonly DecodedCapability[];
  readonly findings: readonly DecodeFinding[];
}

const VENDOR = 0x00;
const CLASS = 0x08;
const HEADER_TYPE = 0x0e;
const FIRST_BAR = 0x10;
/** Bytes of registers that stand beside each other: there is no room for more in any configuration space. */
const MOST_BYTES = 4096;

/**
 * Applies a table to the bytes from `base` on. Each register that is present is read with one access of its width
 * (8 bytes: two of 4); predicates of variant registers read their own bytes again. Throws only what the reader throws
 * inside its own size.
 */
export function decodeTable(table: RegisterTable, reader: ConfigReader, base = 0): DecodedRegister[] {
  return registersThere(table, tableReader(reader, base)).map(({ register, index, offset }) =>
    decodeRegister(dottedName(table, register, undefined, index), register, reader, base + offset),
  );
}

/** Decodes the register that stands at `offset` in configuration space; `name` is its dotted name. */
export function decodeRegister(
  name: string,
  register: Register,
  reader: ConfigReader,
  offset: number,
): DecodedRegister {
  const { width } = register;
  if (!isReadable(reader, offset, width))
    return { name, title: register.title, offset, width, readable: false };
  if (width !== 8) return decodeValue(name, register, offset, reader.read(offset, width) >>> 0);
  const low = BigInt(reader.read(offset, 4) >>> 0);
  return decodeValue(name, register, offset, (BigInt(reader.read(offset + 4, 4) >>> 0) << 32n) | low);
}

/**
 * Decodes a register whose value was read already, as bigint where it has 8 bytes. `name` is its dotted name, `offset`
 * the place where it stands.
 */
export function decodeValue(
  name: string,
  { title, width, fields }: Register,
  offset: number,
  value: number | bigint,
): DecodedRegister & { readonly readable: true } {
  return {
    name,
    title,
    offset,
    width,
    readable: true,
    hex: hexNumber(value, width * 2),
    fields: fields.map((field) => decodeField(name, field, value)),
  };
}

function decodeField(register: string, field: Field, whole: number | bigint): DecodedField {
  const { title, low, high, access, show } = field;
  const bits = high - low + 1;
  const about = {
    name: field.name === '' ? register : `${register}.${field.name}`,
    title,
    low,
    high,
    access,
    sticky: field.sticky ?? false,
    raw: isExact(bits) ? rawIn(whole, field) : (BigInt(whole) & bitsOf(field)) >> BigInt(low),
  };
  if (show.kind === 'hex' || typeof about.raw === 'bigint') {
    const shift = show.kind === 'hex' ? (show.shift ?? 0) : 0;
    return { ...about, value: hexNumber(BigInt(about.raw) << BigInt(shift), Math.ceil((bits + shift) / 4)) };
  }
  const value = fieldValue(field, about.raw);
  const unit = show.kind === 'number' || show.kind === 'power2' ? show.unit : undefined;
  return unit === undefined ? { ...about, value } : { ...about, value, unit };
}

/** The fields of all readable registers, in order. */
export function decodedFields(registers: readonly DecodedRegister[]): DecodedField[] {
  return registers.flatMap((register) => (register.readable ? register.fields : []));
}

/**
 * Decodes header, BARs and all capabilities of a function. Any content and any size is answered, damage as findings;
 * throws only what the reader throws inside its own size.
 */
export function decodeFunction(reader: ConfigReader): DecodedFunction {
  const findings: DecodeFinding[] = [];
  if (isReadable(reader, VENDOR, 4) && reader.read(VENDOR, 4) >>> 0 === 0xffffffff) {
    return { header: [], bars: [], capabilities: [], findings: [{ code: 'FUNCTION_ABSENT' }] };
  }
  // Without a header type there is nothing to choose a table by; 0x7f is no layout and gives the common one.
  const headerType = isReadable(reader, HEADER_TYPE, 1) ? reader.read(HEADER_TYPE, 1) : 0x7f;
  const layout = headerType & 0x7f;
  if (layout > 2) findings.push({ code: 'HEADER_UNKNOWN', layout });
  const bars = readBars(reader, headerType);
  findings.push(...bars.findings);
  const rom = readRom(reader, headerType);
  const standard = walkCapabilities(reader);
  const extended = walkExtendedCapabilities(reader);
  findings.push(...standard.findings, ...extended.findings);
  const registersOf = registersWithin(MOST_BYTES, reader, findings);
  return {
    ...(isReadable(reader, CLASS, 4) && { class: className(reader.read(CLASS, 4) >>> 8) }),
    header: decodeTable(headerTable(headerType), reader),
    bars: bars.slots.map(jsonBar),
    ...(rom !== undefined && { rom: { ...rom, address: hexNumber(rom.address, 8) } }),
    capabilities: [
      ...standard.entries.map((entry) => ({
        list: 'standard' as const,
        ...entry,
        ...capabilityNames.get(entry.id),
        registers: registersOf('standard', entry),
      })),
      ...extended.entries.map((entry) => ({
        list: 'extended' as const,
        ...entry,
        ...extendedCapabilityNames.get(entry.id),
        registers: registersOf('extended', entry),
      })),
    ],
    findings,
  };
}

/**
 * Decodes one capability after the other until their registers have `room` bytes together. A list may have an entry in
 * every dword, each with a thousand registers: half a million registers would be told of one function.
 */
function registersWithin(room: number, reader: ConfigReader, findings: DecodeFinding[]) {
  const tableOf = { standard: capabilityTable, extended: extendedCapabilityTable };
  const header = tableReader(reader, 0);
  let isTold = false;
  return (
    list: 'standard' | 'extended',
    { id, offset }: { readonly id: number; readonly offset: number },
  ): readonly DecodedRegister[] => {
    if (room > 0) {
      const table = tableOf[list](id, { capability: tableReader(reader, offset), header });
      const registers = table === undefined ? [] : decodeTable(table, reader, offset);
      for (const { width } of registers) room -= width;
      return registers;
    }
    if (!isTold) findings.push({ code: 'CAPABILITY_OVERLAP', list, offset });
    isTold = true;
    return [];
  };
}

/** Nothing when the BAR area is cut off: half a list of BARs would give wrong findings. */
function readBars(reader: ConfigReader, headerType: number): ReturnType<typeof decodeBars> {
  const count = barCount(headerType);
  if (reader.size < FIRST_BAR + 4 * count) return { slots: [], findings: [] };
  return decodeBars(Array.from({ length: count }, (_, index) => reader.read(FIRST_BAR + 4 * index, 4)));
}

function readRom(reader: ConfigReader, headerType: number): ReturnType<typeof decodeRom> {
  const offset = romOffset(headerType);
  return offset !== undefined && isReadable(reader, offset, 4)
    ? decodeRom(reader.read(offset, 4), offset)
    : undefined;
}

function jsonBar(slot: BarSlot): DecodedBar {
  if (slot.kind === 'memory' || slot.kind === 'io')
    return { ...slot, address: hexNumber(slot.address, slot.width / 4) };
  return slot;
}
