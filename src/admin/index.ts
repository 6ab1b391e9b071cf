/**
 * What an administrator does with functions: claims and their tool stack's memory.
 * Knows the pool and Xen's platform; the commands and the owner's socket call it.
 */
export { HostClaims, XEN_HOLDER, type ClaimReport } from './host-claims.js';
export { LibxlMemory } from './libxl-memory.js';
