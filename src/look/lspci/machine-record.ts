/** One function's record for a program: one line of quoted texts, or with `-v` one tag a line. */
import type { IdNames } from './id-names.js';
import { hex2 } from './number-text.js';
import type { LspciOptions } from './options.js';
import { subsystemOf } from './record-lines.js';
import type { ShownFunction } from './shown-function.js';

/** In quotation marks; those in the text, and backslashes, behind a backslash. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

export function machineLine(fn: ShownFunction, slot: string, names: IdNames): string {
  const { vendor, device, revision, programmingInterface } = fn;
  const sub = subsystemOf(fn);
  const parts = [
    slot,
    quoted(names.classOf(fn.classCode)),
    quoted(names.vendorAlone(vendor)),
    quoted(names.deviceAlone(vendor, device)),
    ...(revision === 0 ? [] : [`-r${hex2(revision)}`]),
    `-p${hex2(programmingInterface)}`,
    ...(sub === undefined
      ? ['""', '""']
      : [quoted(names.subsystemVendorAlone(sub[0])), quoted(names.subsystemAlone(vendor, device, ...sub))]),
  ];
  return `${parts.join(' ')}\n`;
}

export function machineRecord(
  fn: ShownFunction,
  slot: string,
  names: IdNames,
  options: LspciOptions,
): string {
  const { vendor, device, revision, captured } = fn;
  const { physicalSlot, numaNode, iommuGroup, driver, modules } = captured;
  const sub = subsystemOf(fn);
  // The older form names the place as the newer one names the device.
  const rows: (readonly [string, string | number | undefined])[] = [
    [options.machine > 1 ? 'Slot' : 'Device', slot],
    ['Class', names.classOf(fn.classCode)],
    ['Vendor', names.vendorAlone(vendor)],
    ['Device', names.deviceAlone(vendor, device)],
    ['SVendor', sub && names.subsystemVendorAlone(sub[0])],
    ['SDevice', sub && names.subsystemAlone(vendor, device, ...sub)],
    ['PhySlot', physicalSlot],
    ['Rev', revision === 0 ? undefined : hex2(revision)],
    ['ProgIf', hex2(fn.programmingInterface)],
    ['Driver', options.kernel ? driver : undefined],
    ...(options.kernel ? modules : []).map((name) => ['Module', name] as const),
    ['NUMANode', numaNode],
    ['IOMMUGroup', iommuGroup],
  ];
  return rows.map(([tag, value]) => (value === undefined ? '' : `${tag}:\t${value}\n`)).join('');
}
