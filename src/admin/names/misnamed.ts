/** What the names know of a plain address: that another device was named there, and stands there no more. */
import type { PciAddress } from '../../pci/index.js';
import type { Misnamed } from '../findings/finding.js';
import { deviceText, recordText } from './errors.js';
import type { SightedName } from './function-names.js';

/** Undefined for an address where the named device stands, or that nobody named. */
export function misnamedBy(names: readonly SightedName[]): (address: PciAddress) => Misnamed | undefined {
  return (address) => {
    // Another name was given there since: it is known what stands there.
    if (names.some(({ sighting }) => sighting.state === 'here' && sighting.device.address.equals(address)))
      return undefined;
    for (const { record, sighting } of names) {
      if (!record.address.equals(address) || !('there' in sighting) || sighting.there === undefined) continue;
      return {
        named: record.name,
        recorded: recordText(record),
        present: deviceText(sighting.there),
        movedTo: sighting.state === 'moved' ? sighting.device.address : undefined,
      };
    }
    return undefined;
  };
}
