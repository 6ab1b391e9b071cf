/** What this host has, for a command that shows it and opens nothing. */
import { readdirSync } from 'node:fs';
import type { FunctionSummary } from '../../function/machine.js';
import type { PlatformDeviceSummary } from '../../function/platform.js';
import { Enumeration } from './enumeration.js';
import { Sysfs } from './sysfs.js';
import { UIO_CLASS } from './uio/class-directory.js';

export interface HostListing {
  readonly functions: readonly FunctionSummary[];
  readonly platform: readonly PlatformDeviceSummary[];
}

/** The same that LinuxMachine lists. @throws {SysfsUnavailableError} */
export async function listHost(): Promise<HostListing> {
  const functions = new Enumeration(new Sysfs()).list();
  if (!anyUio()) return { functions, platform: [] };
  const { UioPlatform } = await import('./uio/uio-platform.js');
  return { functions, platform: new UioPlatform('linux').list() };
}

/** Most hosts have none, and need not load what knows them. */
function anyUio(): boolean {
  try {
    return readdirSync(UIO_CLASS).length > 0;
  } catch {
    return false;
  }
}
