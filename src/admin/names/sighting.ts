/** Where the device that was named is now, and how sure that is. */
import { differences } from '../settings/identity.js';
import type { Device } from './device.js';
import { functionOfCard } from './device-place.js';
import type { NameRecord } from './name-record.js';
import type { SerialNumber, UnreadSerial } from './serial-number.js';

/** Only `here` is the function. */
export type Sighting =
  /** It stands where it was named. */
  | { readonly state: 'here'; readonly device: Device }
  /** It stands at another address, for certain; `there` is what stands where it stood. */
  | {
      readonly state: 'moved';
      readonly device: Device;
      readonly by: 'serial number' | 'place';
      readonly there: Device | undefined;
    }
  /** Others are of its kind, and nothing tells whether one of them is it. */
  | { readonly state: 'ambiguous'; readonly alike: readonly Device[]; readonly there: Device | undefined }
  /** It could be one of these, and their serial numbers could not be read. */
  | { readonly state: 'unverified'; readonly device: Device; readonly unread: UnreadSerial }
  /** Another device stands where it stood, or it is another one by what it says of itself. */
  | { readonly state: 'other'; readonly there: Device; readonly differences: readonly string[] }
  | { readonly state: 'absent' };

/** `devices`: at least those of the same vendor and device as the named one, and what stands at its address. */
export function sight(record: NameRecord, devices: readonly Device[]): Sighting {
  const there = devices.find(({ address }) => address.equals(record.address));
  const ofKind = devices.filter((device) => isOfKind(record, device));
  const alike = ofKind.filter(({ serial }) => isSameSerial(record.serial, serial));
  const inPlace = alike.find(({ place }) => place === record.place);
  if (inPlace !== undefined)
    return inPlace === there
      ? { state: 'here', device: inPlace }
      : { state: 'moved', device: inPlace, by: 'place', there };
  const [only, ...more] = alike;
  if (only !== undefined)
    return record.serial !== undefined && record.unique && more.length === 0
      ? { state: 'moved', device: only, by: 'serial number', there }
      : { state: 'ambiguous', alike, there };
  // What stands in its place first: that is what the user asks about.
  const unread = [...ofKind.filter((one) => one === there), ...ofKind].find(
    ({ serial }) => serial.kind === 'unread',
  );
  if (unread?.serial.kind === 'unread') return { state: 'unverified', device: unread, unread: unread.serial };
  return there === undefined
    ? { state: 'absent' }
    : { state: 'other', there, differences: whatDiffers(record, there) };
}

/** The same function of the same kind of card. */
function isOfKind(one: Pick<Device, 'identity' | 'place'>, { identity, place }: Device): boolean {
  return (
    differences(one.identity, identity).length === 0 && functionOfCard(one.place) === functionOfCard(place)
  );
}

/** Functions among them that nothing but their place tells from this one. */
export function twinsOf(device: Device, devices: readonly Device[]): readonly Device[] {
  const serial = device.serial.kind === 'read' ? device.serial.serial : undefined;
  return devices.filter(
    (other) => other !== device && isOfKind(device, other) && isSameSerial(serial, other.serial),
  );
}

/** One that could not be read is no match, and no difference either. */
function isSameSerial(then: SerialNumber | undefined, now: Device['serial']): boolean {
  if (now.kind === 'none') return then === undefined;
  return now.kind === 'read' && then?.source === now.serial.source && then.text === now.serial.text;
}

/** In words. */
export function whatDiffers(record: NameRecord, there: Device): string[] {
  const words = differences(record.identity, there.identity);
  const { serial } = there;
  const now = serial.kind === 'read' ? serial.serial.text : undefined;
  if (serial.kind !== 'unread' && record.serial?.text !== now)
    words.push(`its serial number was ${record.serial?.text ?? 'none'}, and is ${now ?? 'none'}`);
  if (there.place !== record.place) words.push(`it stood at ${record.place}, and stands at ${there.place}`);
  return words;
}
