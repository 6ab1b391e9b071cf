/**
 * A real Xen: seen from its control domain (device files, stable libraries and, for domctls, libxenctrl by version),
 * and from any of its domains (device files alone).
 */
export { askXen, type XenAnswers } from './answers.js';
export { KNOWN_VERSIONS } from './control.js';
export { openNativeGuest } from './native-guest.js';
export { openNativePlatform } from './native-platform.js';
export { KernelBackends } from './kernel-backends.js';
export {
  NotControlDomainError,
  XenCallError,
  XenNotFoundError,
  XenPermissionError,
  XenUnsupportedError,
} from './errors.js';
export { runsOnXen } from './hypervisor.js';
export { XenbusTransport } from './xenbus-transport.js';
