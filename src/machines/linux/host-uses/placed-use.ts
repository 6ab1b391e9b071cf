/** A use with the functions that serve it: the one that the device belongs to, and all that lead to it. */
import type { HostUse } from '../../../function/index.js';
import type { HostFiles } from './host-files.js';

export interface PlacedUse {
  readonly use: HostUse;
  /** As the kernel spells them: `0000:0a:00.0`. Without the function that a bridge leads to, neither is of use. */
  readonly functions: ReadonlySet<string>;
}

const FUNCTION = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/**
 * All functions on the way to a device of sysfs, bridges and host controllers with them; a virtual function goes with
 * its physical one. `path` is real, below the root.
 */
export function functionsOn(files: HostFiles, path: string): ReadonlySet<string> {
  const functions = new Set<string>();
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    if (!FUNCTION.test(part)) continue;
    functions.add(part);
    const physical = files.real('sys', `${parts.slice(0, index + 1).join('/')}/physfn`);
    for (const above of physical?.split('/') ?? []) if (FUNCTION.test(above)) functions.add(above);
  }
  return functions;
}

/** The way from what is used down to a device on a bus. */
export interface Chain {
  /** From the top on: a mapping, what it maps, the partition. */
  readonly names: readonly string[];
  readonly functions: ReadonlySet<string>;
}

/** `vg-root on md0 on nvme0n1p2`. */
export function chainText({ names }: Chain): string {
  return names.join(' on ');
}
