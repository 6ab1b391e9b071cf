/** Names of a machine's functions: given once, checked against the device that stands there at every use. */
import { FunctionNotFoundError, type FunctionSummary } from '../../function/index.js';
import type { OpenslotError, PciAddress } from '../../pci/index.js';
import { lookAtDevices, type Device, type DeviceSource } from './device.js';
import {
  DeviceNamedError,
  NameAbsentError,
  NameAmbiguousError,
  NameMalformedError,
  NameMovedError,
  NameOtherDeviceError,
  NameTakenError,
  NameUnknownError,
  NameUnverifiedError,
} from './errors.js';
import { isFunctionName } from './function-name.js';
import type { NameFolder } from './name-folder.js';
import type { NameRecord } from './name-record.js';
import { sight, twinsOf, whatDiffers, type Sighting } from './sighting.js';

/** A name, and where its device is now. */
export interface SightedName {
  readonly record: NameRecord;
  readonly sighting: Sighting;
}

/** A name that was given or taken to another address. */
export interface GivenName {
  readonly record: NameRecord;
  /** What stood in the record before; undefined for a name that is new. */
  readonly former: NameRecord | undefined;
  /** Functions that nothing but their place tells from the named one. */
  readonly twins: readonly Device[];
}

/** What {@link FunctionNames.misnamed} tells, for whoever claims and examines. */
export type MisnamedAt = FunctionNames['misnamed'];

/** A name whose device does not stand where it was named, and another one does. */
export interface Misnaming {
  readonly named: string;
  /** In words, what differs now. */
  readonly differences: readonly string[];
  /** Where the named device is for certain; undefined where that is not known, or it is nowhere. */
  readonly movedTo: PciAddress | undefined;
}

/**
 * What `openslot name` does, and every command that takes a name. {@link FunctionNames.find} answers only where the
 * named device stands.
 */
export class FunctionNames {
  readonly #folder: NameFolder;
  readonly #source: DeviceSource;

  constructor(folder: NameFolder, source: DeviceSource) {
    this.#folder = folder;
    this.#source = source;
  }

  /** Names that were given at these addresses to other devices than those that stand there now, by address. */
  readonly misnamed = async (addresses: readonly PciAddress[]): Promise<ReadonlyMap<number, Misnaming>> => {
    const records = this.#folder
      .records()
      .filter(({ address }) => addresses.some((asked) => asked.equals(address)));
    // Most hosts have none, and nothing is looked at for it.
    if (records.length === 0) return new Map();
    const devices = await this.#devices((summary) => records.some((record) => mayBe(record, summary)));
    const found = new Map<number, Misnaming>();
    for (const record of records) {
      const sighting = sight(record, devices);
      if (!('there' in sighting) || sighting.there === undefined) continue;
      const { there } = sighting;
      const movedTo = sighting.state === 'moved' ? sighting.device.address : undefined;
      found.set(record.address.sbdf, {
        named: record.name,
        differences: whatDiffers(record, there),
        movedTo,
      });
    }
    return found;
  };

  /** Whether anybody gave this name. */
  knows(name: string): boolean {
    return isFunctionName(name) && this.#folder.record(name) !== undefined;
  }

  /**
   * The address of the function that has the name: the named device stands there now.
   * @throws {OpenslotError} with a code `NAME_…` where it does not, or that cannot be told.
   */
  async find(name: string): Promise<PciAddress> {
    const record = this.#record(name);
    const sighting = await this.#sight(record);
    if (sighting.state === 'here') return sighting.device.address;
    throw refusalOf(record, sighting);
  }

  /** All names, or those of functions that stand at this address or did when they were named. */
  async list(): Promise<readonly SightedName[]> {
    const records = this.#folder.records();
    const devices = await this.#devices((summary) => records.some((record) => mayBe(record, summary)));
    return records.map((record) => ({ record, sighting: sight(record, devices) }));
  }

  /** What tells the function at this address from others. @throws {FunctionNotFoundError} */
  async device(address: PciAddress): Promise<Device> {
    const [device] = await this.#devices((summary) => summary.address.equals(address));
    if (device === undefined) throw this.#notFound(address);
    return device;
  }

  /**
   * Gives the function at this address a name.
   * @throws {FunctionNotFoundError | NameMalformedError | NameTakenError | DeviceNamedError}
   * @throws {NameUnverifiedError} its serial number cannot be read; {NamesNotWrittenError | NamesBusyError}
   */
  async give(name: string, address: PciAddress): Promise<GivenName> {
    if (!isFunctionName(name)) throw new NameMalformedError(name);
    const given = await this.#newRecord(name, address);
    await using _turn = await this.#folder.turn();
    const has = (await this.list()).find(({ sighting }) => isAt(sighting, address));
    // The same once more is no mistake.
    if (has?.record.name === name) return { ...given, record: has.record, former: has.record };
    if (has !== undefined) throw new DeviceNamedError(address, has.record.name);
    if (this.#folder.add(given.record)) return given;
    throw new NameTakenError(name, this.#record(name), address);
  }

  /**
   * Takes a name to where its device is now; or, where an address is given, to the device there, whatever that is.
   * @throws {OpenslotError} as {@link find} does, unless the device has moved for certain; as {@link give} does.
   */
  async update(name: string, to?: PciAddress): Promise<GivenName> {
    const former = this.#record(name);
    const address = to ?? (await this.#foundAt(former));
    const given = await this.#newRecord(name, address);
    await using _turn = await this.#folder.turn();
    const has = (await this.list()).find(
      ({ record, sighting }) => record.name !== name && isAt(sighting, address),
    );
    if (has !== undefined) throw new DeviceNamedError(address, has.record.name);
    this.#folder.replace(given.record);
    return { ...given, former };
  }

  /** @throws {NameUnknownError | NamesNotWrittenError} */
  remove(name: string): void {
    if (!isFunctionName(name) || !this.#folder.remove(name)) throw this.#unknown(name);
  }

  async #foundAt(record: NameRecord): Promise<PciAddress> {
    const sighting = await this.#sight(record);
    if (sighting.state === 'here' || sighting.state === 'moved') return sighting.device.address;
    throw refusalOf(record, sighting);
  }

  async #newRecord(name: string, address: PciAddress): Promise<GivenName> {
    const functions = await this.#source.functions();
    const summary = functions.find((each) => each.address.equals(address));
    if (summary === undefined) throw this.#notFound(address);
    const devices = await this.#devices((other) => isSameKind(summary, other));
    const device = devices.find((each) => each.address.equals(address));
    // It went while the others were looked at.
    if (device === undefined) throw this.#notFound(address);
    const { place, identity, serial } = device;
    if (serial.kind === 'unread') throw new NameUnverifiedError(name, address, serial);
    const twins = twinsOf(device, devices);
    const record: NameRecord = {
      name,
      address,
      place,
      identity,
      serial: serial.kind === 'read' ? serial.serial : undefined,
      unique: twins.length === 0,
      when: new Date(),
    };
    return { record, former: undefined, twins };
  }

  /** @throws {NameUnknownError | NamesUnreadableError} */
  #record(name: string): NameRecord {
    const record = isFunctionName(name) ? this.#folder.record(name) : undefined;
    if (record === undefined) throw this.#unknown(name);
    return record;
  }

  #notFound(address: PciAddress): FunctionNotFoundError {
    return new FunctionNotFoundError(address, this.#source.machine);
  }

  #unknown(name: string): NameUnknownError {
    return new NameUnknownError(name, this.#source.machine, this.#folder.names());
  }

  async #sight(record: NameRecord): Promise<Sighting> {
    return sight(record, await this.#devices((summary) => mayBe(record, summary)));
  }

  #devices(wanted: (summary: FunctionSummary) => boolean): Promise<readonly Device[]> {
    return lookAtDevices(this.#source, wanted);
  }
}

function mayBe(record: NameRecord, summary: FunctionSummary): boolean {
  return isSameKind(record.identity, summary) || summary.address.equals(record.address);
}

type Kind = Pick<FunctionSummary, 'vendor' | 'device'>;

function isSameKind(one: Kind, other: Kind): boolean {
  return one.vendor === other.vendor && one.device === other.device;
}

function isAt(sighting: Sighting, address: PciAddress): boolean {
  return sighting.state === 'here' && sighting.device.address.equals(address);
}

/** Why the name is no function now; for every sighting but of a device that is where it was named. */
export function refusalOf(
  record: NameRecord,
  sighting: Exclude<Sighting, { readonly state: 'here' }>,
): OpenslotError {
  switch (sighting.state) {
    case 'moved':
      return new NameMovedError(record, sighting.device, sighting.by, sighting.there);
    case 'ambiguous':
      return new NameAmbiguousError(record, sighting.alike, sighting.there);
    case 'unverified':
      return new NameUnverifiedError(record.name, sighting.device.address, sighting.unread);
    case 'other':
      return new NameOtherDeviceError(record, sighting.there);
    case 'absent':
      return new NameAbsentError(record);
  }
}
