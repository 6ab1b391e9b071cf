/** The machine's address spaces: where memory, ports and the bus's windows are. */
import type { Window } from './bridge.js';

/** From here on addresses below 4 GiB are the bus's, up to the interrupt controllers' range. */
export const MEMORY_WINDOW: Window = { base: 0x8000_0000, limit: 0xfebf_ffff };
/** 64-bit prefetchable BARs stand here. */
export const PREFETCHABLE_WINDOW: Window = { base: 0x10_0000_0000, limit: 0xff_ffff_ffff };
/** The ports below belong to legacy devices. */
export const IO_WINDOW: Window = { base: 0x1000, limit: 0xffff };
