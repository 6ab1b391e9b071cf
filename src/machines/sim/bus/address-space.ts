/** The machine's address spaces: where memory, ports and the bus's windows are. */
import type { HostWindows } from '../../firmware/index.js';

export const HOST_WINDOWS: HostWindows = {
  /** From here on addresses below 4 GiB are the bus's, up to the interrupt controllers' range. */
  memory: { base: 0x8000_0000, limit: 0xfebf_ffff },
  /** 64-bit prefetchable BARs stand here. */
  prefetchable: { base: 0x10_0000_0000, limit: 0xff_ffff_ffff },
  /** The ports below belong to legacy devices. */
  io: { base: 0x1000, limit: 0xffff },
};
