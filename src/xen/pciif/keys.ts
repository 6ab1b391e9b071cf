/** Keys of the PCI pair in XenStore: where each end's directory stands and what it holds. */
import type { DomainId } from '../domain.js';

/** All PCI back ends that a domain serves. */
export const backendRoot = (backend: DomainId): string => `/local/domain/${backend}/backend/pci`;

/** A guest has one PCI pair, device number 0; its functions are numbered inside. */
export const backendPath = (backend: DomainId, frontend: DomainId): string =>
  `${backendRoot(backend)}/${frontend}/0`;

/** The directory is the guest's own to write. */
export const frontendPath = (frontend: DomainId): string => `/local/domain/${frontend}/device/pci/0`;

/**
 * Key of a front end's own directory: `1` says that it follows states 7 and 8. An addition of ours; who does not know it,
 * such as Linux's two ends, is not in its way.
 */
export const FEATURE_RECONFIGURE = 'feature-reconfigure';

/** Most functions in one back end: a guest's bus has 32 slots of 8 functions. */
export const MAX_FUNCTIONS = 256;

/** Keys numbered by function, inside the back end's directory. */
export const numbered = {
  /** Host address, `%04x:%02x:%02x.%01x`. */
  device: (index: number): string => `dev-${index}`,
  state: (index: number): string => `state-${index}`,
  /** Guest address, `%04x:%02x:%02x.%02x`. */
  virtual: (index: number): string => `vdev-${index}`,
  /** Virtual slot and function that the tool stack asked for, hexadecimal. */
  virtualWanted: (index: number): string => `vdevfn-${index}`,
  options: (index: number): string => `opts-${index}`,
  root: (index: number): string => `root-${index}`,
} as const;
