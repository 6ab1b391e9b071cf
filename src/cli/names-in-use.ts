/** Names of pci.ids as commands show them. */
import type { FunctionSummary } from '../function/index.js';
import { hostNames } from '../ids/host-names.js';
import { deviceWords, subsystemWords } from '../pci/names/device-words.js';
import type { PciNames } from '../pci/names/names.js';

/** Tells of indexes that came first and could not be read. */
export function namesInUse(): PciNames {
  const { names, unread } = hostNames();
  for (const { path, why } of unread) process.stderr.write(`names of ${path} not shown: ${why}\n`);
  return names;
}

/** Null where pci.ids has none. */
export interface FunctionNames {
  /** Of vendor and device. */
  readonly name: string | null;
  /** Of the subsystem, with its vendor. */
  readonly subsystemName: string | null;
}

type Ids = Pick<FunctionSummary, 'vendor' | 'device' | 'subsystemVendor' | 'subsystemDevice'>;

export function nameData(
  names: PciNames,
  { vendor, device, subsystemVendor, subsystemDevice }: Ids,
): FunctionNames {
  const subsystem =
    subsystemVendor === undefined || subsystemDevice === undefined
      ? undefined
      : subsystemWords(names, [vendor, device], [subsystemVendor, subsystemDevice]);
  return { name: deviceWords(names, vendor, device) ?? null, subsystemName: subsystem ?? null };
}
