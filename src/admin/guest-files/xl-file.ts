/** xl.cfg: entries of pci=[…] as xl reads them. */
import { addPciEntry, pciEntries, readSpecAsXl, removePciEntries, xlConfigFile } from '../../boot/index.js';
import { notations, tryParse, type SpecTarget } from '../../pci/index.js';
import { sameTarget, type GuestFileFormat } from './guest-file-format.js';

/** What xl makes of an entry; undefined where it refuses it. */
function targetOf(spec: string): SpecTarget | undefined {
  const { reading } = readSpecAsXl(spec);
  if (reading?.name !== undefined) return { kind: 'name', name: reading.name };
  if (reading?.address === undefined) return undefined;
  return { kind: reading.all ? 'device' : 'function', address: notations.hex.parse(reading.address) };
}

/** Undefined where xl takes something that we would not write. */
function canonical(spec: string): string | undefined {
  const parsed = tryParse(notations.xlSpec, spec);
  return parsed && notations.xlSpec.format(parsed);
}

export const xlFile: GuestFileFormat = {
  prefix: 'xl',
  kind: xlConfigFile,
  entries: (text, source) => pciEntries(text, source).map((spec) => ({ target: targetOf(spec), text: spec })),
  refusal: ({ permissive }) =>
    permissive
      ? {
          why: 'with permissive the guest writes all of configuration space, and can harm the host',
          next: 'find the writes that its driver needs, which are then let through: openslot policy learn TRACE',
        }
      : undefined,
  says: ({ text }, spec) => canonical(text) === notations.xlSpec.format(spec),
  add: (text, spec, source) => addPciEntry(text, notations.xlSpec.format(spec), source),
  remove: (text, target, source) =>
    removePciEntries(
      text,
      (spec) => {
        const own = targetOf(spec);
        return own !== undefined && sameTarget(own, target);
      },
      source,
    ),
  afterwards: (file, way) => [
    `xl create ${file}, the next time; until then: openslot ${way} GUEST, for a guest that runs`,
  ],
};
