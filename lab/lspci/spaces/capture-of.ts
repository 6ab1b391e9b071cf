/** The registers of every function of a machine, as a capture. */
import type { Capture, Machine } from '../../../src/function/index.js';
import { formatDump, parseDump } from '../../../src/machines/capture/index.js';
