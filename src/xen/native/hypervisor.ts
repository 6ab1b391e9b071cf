/** Which hypervisor runs underneath, and whether this is its control domain. */
import { readFileSync } from 'node:fs';
import { NotControlDomainError, XenNotFoundError } from './errors.js';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** True in any domain of a Xen host. */
export function runsOnXen(): boolean {
  return textOf('/sys/hypervisor/type') === 'xen';
}

/** @throws {XenNotFoundError} */
export function requireXen(): void {
  if (!runsOnXen()) throw new XenNotFoundError(textOf('/sys/hypervisor/type') ?? 'absent');
}

/**
 * The running Xen's version as `major.minor`, after making sure that this is the control domain.
 * @throws {XenNotFoundError | NotControlDomainError}
 */
export function controlDomainVersion(): string {
  requireXen();
  const capabilities = textOf('/proc/xen/capabilities');
  if (capabilities === undefined)
    throw new NotControlDomainError('/proc/xen is not mounted (mount -t xenfs xenfs /proc/xen)');
  if (!capabilities.includes('control_d')) {
    throw new NotControlDomainError('/proc/xen/capabilities does not name control_d');
  }
  return `${textOf('/sys/hypervisor/version/major') ?? '?'}.${textOf('/sys/hypervisor/version/minor') ?? '?'}`;
}
