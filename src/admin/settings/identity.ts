/** What tells a device from another one that has come to its address. */
import type { FunctionSummary } from '../../function/index.js';
import { idsText } from '../../pci/index.js';
import type { FunctionIdentity } from './setting-journal.js';

/** `instance`: the machine's number of the device's arrival, where it has one. */
export function functionIdentity(
  summary: Pick<FunctionSummary, 'vendor' | 'device' | 'classCode' | 'revision'> & {
    readonly subsystemVendor?: number | undefined;
    readonly subsystemDevice?: number | undefined;
  },
  instance?: number,
): FunctionIdentity {
  const { vendor, device, classCode, revision, subsystemVendor, subsystemDevice } = summary;
  return {
    vendor,
    device,
    classCode,
    revision,
    subsystem: subsystemVendor === undefined ? '' : idsText(subsystemVendor, subsystemDevice ?? 0),
    ...(instance === undefined ? {} : { instance }),
  };
}

/** In words what differs, empty where it is the same device. */
export function differences(then: FunctionIdentity, now: FunctionIdentity): string[] {
  const words: string[] = [];
  if (then.vendor !== now.vendor || then.device !== now.device)
    words.push(`it was ${idsText(then.vendor, then.device)}, and is ${idsText(now.vendor, now.device)}`);
  if (then.subsystem !== now.subsystem)
    words.push(`its subsystem was ${then.subsystem || 'none'}, and is ${now.subsystem || 'none'}`);
  if (then.classCode !== now.classCode) words.push('it has another class');
  if (then.revision !== now.revision) words.push(`its revision was ${then.revision}, and is ${now.revision}`);
  if (words.length === 0 && then.instance !== now.instance) words.push('it was taken away and has come back');
  return words;
}
