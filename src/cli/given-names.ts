/** The names that functions were given, as commands print them beside addresses. */
import { existsSync } from 'node:fs';
import type { MachineChoice } from './machine-option.js';
import { namesPlace } from './names-place.js';

export interface GivenNames {
  /** By the numbers of addresses: of devices that certainly are the named ones. */
  readonly certain: ReadonlyMap<number, string>;
  /** Besides those, with a question mark, where it could not be told whether it is the named device. */
  readonly shown: ReadonlyMap<number, string>;
  /** Of names that are no function now, and why; a line each. */
  readonly troubles: readonly string[];
}

const NOBODY_NAMED: GivenNames = { certain: new Map(), shown: new Map(), troubles: [] };

/** Most machines have no names, and then nothing more is loaded. What is wrong with the records is a trouble, no error. */
export async function givenNames(choice: MachineChoice): Promise<GivenNames> {
  if (!existsSync(namesPlace(choice))) return NOBODY_NAMED;
  const [{ functionNames }, { refusalOf }, { reasonOf }] = await Promise.all([
    import('./function-names.js'),
    import('../admin/names/index.js'),
    import('../pci/errors.js'),
  ]);
  const certain = new Map<number, string>();
  const shown = new Map<number, string>();
  const troubles: string[] = [];
  try {
    for (const { record, sighting } of await functionNames(choice).list()) {
      const { name } = record;
      if (sighting.state === 'here') {
        certain.set(sighting.device.address.sbdf, name);
        shown.set(sighting.device.address.sbdf, name);
      } else if (sighting.state === 'unverified') shown.set(sighting.device.address.sbdf, `${name}?`);
      else troubles.push(reasonOf(refusalOf(record, sighting)));
    }
  } catch (error) {
    troubles.push(reasonOf(error));
  }
  return { certain, shown, troubles };
}
