/**
 * The front end: finds the guest's PCI bus in XenStore, connects to its back end, and makes each function on it a
 * `PciFunction` again. Knows Xen's guest platform and the port; never which Xen it runs on.
 */
export type { BusChange } from './changes.js';
export {
  BackEndGoneError,
  BackEndSilentError,
  NoPciPairError,
  PairKeysError,
  PairTakenError,
} from './errors.js';
export { Xpci, type XpciConnectOptions, type XpciOptions } from './xpci.js';
