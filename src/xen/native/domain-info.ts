/** What the hypervisor tells of a domain: the first members of its information structure. */
import type { GuestType } from '../platform.js';

/** struct xen_domctl_getdomaininfo has 128 bytes in Xen 4.17; its first members are u16 domain, u16, u32 flags. */
export const DOMAIN_INFO_BYTES = 256;
const FLAGS = 4;
/** XEN_DOMINF_hvm_guest and XEN_DOMINF_paused (xen/include/public/domctl.h). */
const HVM_GUEST = 1 << 1;
const PAUSED = 1 << 3;

export interface DomainInfo {
  readonly domain: number;
  /** Its processors wait for an administrator. */
  readonly paused: boolean;
  /** It runs in a hardware container: an HVM or a PVH guest, which the hypervisor does not tell apart. */
  readonly container: boolean;
}

/** @param bytes {@link DOMAIN_INFO_BYTES} of them, as xc_domain_getinfolist fills them. */
export function domainInfo(bytes: Uint8Array): DomainInfo {
  const info = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = info.getUint32(FLAGS, true);
  return {
    domain: info.getUint16(0, true),
    paused: (flags & PAUSED) !== 0,
    container: (flags & HVM_GUEST) !== 0,
  };
}

/** Of what type a guest is, by the hypervisor's word, and by its configuration where that leaves two. */
export function guestType(
  { container }: Pick<DomainInfo, 'container'>,
  configured: string | undefined,
): GuestType {
  if (!container) return 'pv';
  // Without a configuration: most are HVM guests.
  return configured === 'pvh' ? 'pvh' : 'hvm';
}
