/** What is remembered of a name: which device was named, and where it stood. */
import { z } from 'zod';
import { parseChecked } from '../../durable/index.js';
import { notations } from '../../pci/index.js';
import { ADDRESS_TEXT } from '../../pool/kept-address.js';
import type { Device } from './device.js';
import { isFunctionName } from './function-name.js';
import type { SerialNumber } from './serial-number.js';

/** A name, and what the device was when it was given. */
export interface NameRecord extends Omit<Device, 'serial'> {
  readonly name: string;
  readonly serial: SerialNumber | undefined;
  /** No other function of the machine had the same numbers, serial number included, when the name was given. */
  readonly unique: boolean;
  /** When the name was given, or last taken to another address. */
  readonly when: Date;
}

const id = z.int().min(0).max(0xffff);

const FILE = z.strictObject({
  name: z.string().refine(isFunctionName, 'it is no name'),
  address: ADDRESS_TEXT,
  place: z.string(),
  identity: z.strictObject({
    vendor: id,
    device: id,
    subsystem: z.string(),
    classCode: z.int().min(0).max(0xff_ffff),
    revision: z.int().min(0).max(0xff),
  }),
  serial: z.strictObject({ source: z.enum(['dsn', 'vpd']), text: z.string() }).nullable(),
  unique: z.boolean(),
  when: z.iso.datetime(),
});

export type NameData = z.output<typeof FILE>;

export function nameData({ name, address, place, identity, serial, unique, when }: NameRecord): NameData {
  const { vendor, device, subsystem, classCode, revision } = identity;
  return {
    name,
    address: String(address),
    place,
    identity: { vendor, device, subsystem, classCode, revision },
    serial: serial ?? null,
    unique,
    when: when.toISOString(),
  };
}

/** @throws {UnfitDataError} it is not what {@link nameData} makes. */
export function parseNameRecord(text: string): NameRecord {
  const { address, serial, when, ...record } = parseChecked(FILE, text);
  return {
    ...record,
    address: notations.hex.parse(address),
    serial: serial ?? undefined,
    when: new Date(when),
  };
}
