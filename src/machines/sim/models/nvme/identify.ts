/** The data structures of the Identify command (NVM Express 1.4, 5.15). */

const IDENTIFY_BYTES = 4096;
export const NVME_VERSION = 0x0001_0400;
export const VENDOR = 0x1b36;
export const SUBSYSTEM_VENDOR = 0x1af4;
export const FIRMWARE_REVISION = '1.0';
/** Largest transfer of one command: pages of 4096 bytes, as a power of two. */
export const TRANSFER_PAGES_POWER = 7;
/** Event requests and error log entries that the controller keeps. */
export const EVENT_REQUESTS = 4;
export const ERROR_ENTRIES = 16;
/** The one namespace. */
export const NAMESPACE = 1;

/** Temperatures in kelvins. Nothing heats or cools a simulated device. */
export const TEMPERATURE = 308;
export const WARNING_TEMPERATURE = 343;
const CRITICAL_TEMPERATURE = 373;

const MODEL = 'Simulated NVMe controller';
/** Locally administered, as nobody makes these devices. */
const OUI = [0x00, 0x54, 0x52];

/** What the structures say of one device. */
export interface Identity {
  readonly serial: string;
  readonly blocks: number;
  /** As a power of two: 9 for blocks of 512 bytes. */
  readonly blockPower: number;
}

/** CNS 01h. */
export function identifyController(identity: Identity): Uint8Array {
  const { bytes, view } = structure();
  view.setUint16(0, VENDOR, true);
  view.setUint16(2, SUBSYSTEM_VENDOR, true);
  putText(bytes, 4, 20, identity.serial);
  putText(bytes, 24, 40, MODEL);
  putText(bytes, 64, 8, FIRMWARE_REVISION);
  bytes.set(OUI, 73);
  bytes[77] = TRANSFER_PAGES_POWER;
  view.setUint32(80, NVME_VERSION, true);
  bytes[111] = 1; // CNTRLTYPE: an I/O controller
  bytes[258] = 3; // ACL: aborts at a time, counted from 0
  bytes[259] = EVENT_REQUESTS - 1;
  bytes[260] = 0x03; // FRMW: one firmware slot, read only
  bytes[261] = 0x04; // LPA: log pages have offsets
  bytes[262] = ERROR_ENTRIES - 1;
  view.setUint16(266, WARNING_TEMPERATURE, true);
  view.setUint16(268, CRITICAL_TEMPERATURE, true);
  bytes[512] = 0x66; // SQES: 64 bytes, required and largest
  bytes[513] = 0x44; // CQES: 16 bytes
  view.setUint32(516, NAMESPACE, true); // NN
  view.setUint16(520, 0x0010, true); // ONCS: features can be selected
  bytes[525] = 0x06; // VWC: no volatile cache; a flush may name all namespaces
  putText(bytes, 768, 256, `nqn.2014-08.org.nvmexpress:uuid:${uuidText(uuidOf(identity))}`, 0);
  view.setUint16(2048, 2500, true); // power state 0: 25 W in units of 10 mW
  return bytes;
}

/** CNS 00h of the one namespace. */
export function identifyNamespace(identity: Identity): Uint8Array {
  const { bytes, view } = structure();
  for (const offset of [0, 8, 16]) view.setBigUint64(offset, BigInt(identity.blocks), true);
  bytes[33] = 0x01; // DLFEAT: blocks never written read 0
  bytes[128 + 2] = identity.blockPower;
  return bytes;
}

/** CNS 02h: the active namespaces above `after`. */
export function namespaceList(after: number): Uint8Array {
  const { bytes, view } = structure();
  if (after < NAMESPACE) view.setUint32(0, NAMESPACE, true);
  return bytes;
}

/** CNS 03h: a UUID is all that tells this namespace from others. */
export function namespaceDescriptors(identity: Identity): Uint8Array {
  const { bytes } = structure();
  bytes[0] = 3;
  bytes[1] = 16;
  bytes.set(uuidOf(identity), 4);
  return bytes;
}

function structure(): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(IDENTIFY_BYTES);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** ASCII of a fixed length, padded with spaces (with `padding` 0: a string that ends itself). */
export function putText(
  bytes: Uint8Array,
  offset: number,
  length: number,
  text: string,
  padding = 0x20,
): void {
  bytes.fill(padding, offset, offset + length);
  for (let index = 0; index < text.length; index++) bytes[offset + index] = text.charCodeAt(index);
}

/** The same for the same device, another for another one: a UUID of version 8, made of the serial number. */
function uuidOf({ serial, blocks }: Identity): Uint8Array {
  const uuid = new Uint8Array(16);
  const view = new DataView(uuid.buffer);
  const name = `${MODEL} ${serial} ${blocks}`;
  for (let part = 0; part < 4; part++) {
    // FNV-1a; each part begins elsewhere.
    let hash = 0x811c_9dc5 ^ part;
    for (let index = 0; index < name.length; index++) {
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x0100_0193);
    }
    view.setUint32(part * 4, hash >>> 0);
  }
  uuid[6] = 0x80 | (view.getUint8(6) & 0x0f);
  uuid[8] = 0x80 | (view.getUint8(8) & 0x3f);
  return uuid;
}

function uuidText(uuid: Uint8Array): string {
  const digits = Array.from(uuid, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
