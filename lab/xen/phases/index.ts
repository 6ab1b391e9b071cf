/** The phases of the lab's scenario, in the order in which each machine runs its own. A new one is a script, a judge, and a line here. */
import { attachments } from './attachments.js';
import { devices } from './devices.js';
import { guests } from './guests.js';
import { handover } from './handover.js';
import { hidden } from './hidden.js';
import { hide } from './hide.js';
import type { Phase } from './phase.js';
import { policy } from './policy.js';
import { restart } from './restart.js';
import { suites } from './suites.js';
import { withoutPciback } from './without-pciback.js';

export const PHASES: readonly Phase[] = [
  // First of all: the second machine boots with what it writes.
  hide,
  handover,
  devices,
  policy,
  guests,
  hidden,
  attachments,
  suites,
  withoutPciback,
  restart,
];

export { MACHINES, PhaseRun, type BackEnd, type BootsAfter, type Phase } from './phase.js';
