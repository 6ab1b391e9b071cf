/**
 * The embedded Xen: domains are workers, on any machine that gives it the processor's side (`HostControl`); for a
 * debugger or a test one can run on the hypervisor's own thread. The same store, page and states as on a real one.
 * Knows the port, the store and the platform's interface; no back end, no front end, and no native code.
 */
export type { CrashError, DomainEnd } from './domain-end.js';
export type { DomainProgram, LocalDomain } from './local-domain.js';
export { LocalXen, type HostedMachine, type LocalXenOptions, type XenUsage } from './local-xen.js';
export { connectGuest, type LocalGuestPlatform } from './guest/index.js';
export { DomainEndedError, DomainMessagesError, GuestMemoryError, WouldDeadlockError } from './errors.js';
export type { Handoff } from './control-block.js';
