/**
 * What an administrator does with functions: claims and their tool stack's memory, and on the embedded Xen the guests,
 * up to a whole host in one process. Knows the pool and Xen's platform; the commands and the owner's socket call it.
 */
export { EmbeddedHost, type EmbeddedHostOptions, type HostEvent } from './embedded-host.js';
export { HostClaims, XEN_HOLDER, type ClaimReport } from './host-claims.js';
export { inspect, type Inspection } from './inspection.js';
export { LibxlMemory } from './libxl-memory.js';
export {
  GuestOptionsError,
  LocalGuests,
  type GuestEvent,
  type GuestInfo,
  type GuestOptions,
} from './local-guests.js';
