/** Why a name is no function now, or can be none: nothing is done then, and what helps is told. */
import { didYouMean, idsText, OpenslotError, type PciAddress } from '../../pci/index.js';
import type { Device } from './device.js';
import { LONGEST_FUNCTION_NAME } from './function-name.js';
import type { NameRecord } from './name-record.js';
import { whatDiffers } from './sighting.js';
import type { SerialNumber, UnreadSerial } from './serial-number.js';

/** No function of the machine was given this name. */
export class NameUnknownError extends OpenslotError {
  readonly code = 'NAME_UNKNOWN';
  constructor(name: string, machine: string, known: readonly string[]) {
    super(
      `no function of ${machine} is named "${name}", and it is no address`,
      { name, machine, known },
      didYouMean(name, known) ||
        'an address is written BB:DD.F or DDDD:BB:DD.F; the names there are: openslot name',
    );
  }
}

/** The text can be no name. */
export class NameMalformedError extends OpenslotError {
  readonly code = 'NAME_MALFORMED';
  constructor(name: string) {
    super(
      `"${name}" can be no name of a function: a lower-case letter, then letters and digits with single - or _ between ` +
        `them, ${LONGEST_FUNCTION_NAME} at most, and nothing that reads as an address`,
      { name },
      'for example nic-dmz',
    );
  }
}

/** Another device has the name. */
export class NameTakenError extends OpenslotError {
  readonly code = 'NAME_TAKEN';
  /** `wanted`: of the function that was to be named so. */
  constructor(name: string, { address, identity: { vendor, device } }: NameRecord, wanted: PciAddress) {
    super(
      `the name ${name} was given to ${idsText(vendor, device)} at ${address}`,
      { name, address: String(address) },
      `give it to ${wanted}: openslot name ${wanted} --update ${name}; forget it: openslot name --remove ${name}`,
    );
  }
}

/** A device has one name. */
export class DeviceNamedError extends OpenslotError {
  readonly code = 'DEVICE_NAMED';
  constructor(address: PciAddress, name: string) {
    super(
      `${address} has the name ${name} already`,
      { address: String(address), name },
      `take it away: openslot name --remove ${name}`,
    );
  }
}

/** xl and openslot gave one name to different functions. */
export class NameGivenTwiceError extends OpenslotError {
  readonly code = 'NAME_GIVEN_TWICE';
  constructor(name: string, ours: PciAddress, theirs: readonly PciAddress[]) {
    const others = theirs.map(String);
    super(
      `${name} is ${ours} for openslot, and ${others.join(', ')} for xl`,
      { name, ours: String(ours), theirs: others },
      `name it by its address; leave the name to xl: openslot name --remove ${name}`,
    );
  }
}

/** The named device stands at another address. */
export class NameMovedError extends OpenslotError {
  readonly code = 'NAME_MOVED';
  constructor({ name, address }: NameRecord, device: Device, by: string, there: Device | undefined) {
    super(
      `${name} is at ${device.address} now, by its ${by}, and was named at ${address}, where ${presentText(there)}`,
      { name, was: String(address), now: String(device.address), by, place: device.place },
      `openslot name --update ${name}`,
    );
  }
}

/** The named device is not in its place, and nothing tells whether one that is like it is it. */
export class NameAmbiguousError extends OpenslotError {
  readonly code = 'NAME_AMBIGUOUS';
  constructor(record: NameRecord, alike: readonly Device[], there: Device | undefined) {
    const { name, address, place } = record;
    const found = alike.map((device) => String(device.address));
    super(
      `${name} is not in its place ${place} (${address}, where ${presentText(there)}); ${found.join(', ')} ` +
        `${found.length === 1 ? 'is' : 'are'} like it, and no serial number tells whether ` +
        `${found.length === 1 ? 'that' : 'one of them'} is it`,
      { name, was: String(address), place, alike: found },
      `look which card it is; then: openslot name ${found[0] ?? 'ADDRESS'} --update ${name}`,
    );
  }
}

/** Another device stands where the named one did, and that one is nowhere. */
export class NameOtherDeviceError extends OpenslotError {
  readonly code = 'NAME_OTHER_DEVICE';
  constructor(record: NameRecord, there: Device) {
    const { name, address } = record;
    const differences = whatDiffers(record, there);
    super(
      `${name} is not at ${address}, nor anywhere else: ${differences.join('; ')}`,
      { name, address: String(address), differences },
      `put the device back; if this is to be ${name}: openslot name ${address} --update ${name}`,
    );
  }
}

/** The named device is not there. */
export class NameAbsentError extends OpenslotError {
  readonly code = 'NAME_ABSENT';
  constructor({ name, address, place, identity: { vendor, device } }: NameRecord) {
    const ids = idsText(vendor, device);
    super(
      `${name} is not there: nothing is at ${address}, and nothing like ${ids} with its numbers anywhere`,
      { name, was: String(address), place, ids },
      `put the device back; or forget it: openslot name --remove ${name}`,
    );
  }
}

/** Whether it is the named device cannot be told: its serial number was not read. */
export class NameUnverifiedError extends OpenslotError {
  readonly code = 'NAME_UNVERIFIED';
  constructor(name: string, address: PciAddress, { why, next }: UnreadSerial) {
    super(
      `whether ${address} is ${name} cannot be told: its serial number cannot be read: ${why}`,
      { name, address: String(address), why },
      next,
    );
  }
}

/** A record is not what this program writes: which device it means is not known. */
export class NamesUnreadableError extends OpenslotError {
  readonly code = 'NAMES_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `a name of a function cannot be read: ${path}: ${why}`,
      { path, why },
      `look at ${path}; removing it forgets the name`,
      options,
    );
  }
}

/** The disk does not take a name: the former records stay. */
export class NamesNotWrittenError extends OpenslotError {
  readonly code = 'NAMES_NOT_WRITTEN';
  constructor(folder: string, why: string, options?: ErrorOptions) {
    super(
      `names cannot be kept in ${folder}: ${why}`,
      { folder, why },
      'make room there, or run as a user who may write there; OPENSLOT_STATE_DIR names another place',
      options,
    );
  }
}

/** Another process gives names to functions of the same machine, and does not come to an end. */
export class NamesBusyError extends OpenslotError {
  readonly code = 'NAMES_BUSY';
  constructor(folder: string, seconds: number) {
    super(
      `another process gives names in ${folder}, and has not ended within ${seconds} s`,
      { folder, seconds },
      'wait until it has ended, and give the command again',
    );
  }
}

function presentText(there: Device | undefined): string {
  return there === undefined ? 'nothing stands now' : `${deviceText(there)} stands now`;
}

/** `8086:10d3 with the serial number …`. */
export function deviceText({ identity: { vendor, device }, serial }: Device): string {
  const ids = idsText(vendor, device);
  return serial.kind === 'read' ? `${ids} with ${serialText(serial.serial)}` : ids;
}

function serialText({ text }: SerialNumber): string {
  return `serial number ${text}`;
}
