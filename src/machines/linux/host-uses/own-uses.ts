/** What is tied to a function itself: virtual functions that its driver made, and memory that firmware keeps for it. */
import { basename } from 'node:path';
import type { HostUse } from '../../../function/index.js';
import type { HostFiles } from './host-files.js';

/** `address` as the kernel spells it. */
export function ownUses(files: HostFiles, address: string): readonly HostUse[] {
  const device = `bus/pci/devices/${address}`;
  const functions = files
    .names('sys', device)
    .filter((name) => /^virtfn\d+$/.test(name))
    .sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)))
    .flatMap((name) => basename(files.link('sys', `${device}/${name}`) ?? '') || []);
  const driver = basename(files.link('sys', `${device}/driver`) ?? '');
  const made: readonly HostUse[] =
    functions.length === 0 ? [] : [{ kind: 'virtual-functions', via: driver, functions }];
  return [...made, ...reservedRegions(files, device)];
}

/** Documentation/ABI/testing/sysfs-kernel-iommu_groups: `FIRST LAST TYPE`, both 64 bits. */
function reservedRegions(files: HostFiles, device: string): readonly HostUse[] {
  const group = files.real('sys', `${device}/iommu_group`);
  if (group === undefined) return [];
  return files.lines('sys', `${group}/reserved_regions`).flatMap((line) => {
    const [first, last, type] = line.split(/\s+/);
    if (first === undefined || last === undefined) return [];
    if (type !== 'direct' && type !== 'direct-relaxable') return [];
    const via = `IOMMU group ${basename(group)}`;
    return [{ kind: 'reserved-region' as const, via, first, last, relaxable: type === 'direct-relaxable' }];
  });
}
