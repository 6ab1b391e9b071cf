/** Who writes which capability of the standard list, by id. */
import type { CapabilityWriter } from '../capability-view.js';

export const standardWriters: ReadonlyMap<number, CapabilityWriter> = new Map();
