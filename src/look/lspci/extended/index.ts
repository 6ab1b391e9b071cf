/** Who writes which capability of the extended list, by id. */
import type { CapabilityWriter } from '../capability-view.js';

export const extendedWriters: ReadonlyMap<number, CapabilityWriter> = new Map();
