/** The phase `suites`: what ran inside dom0; its counts become checks, what it says of itself and its failures are shown. */
import { judgeTap } from '../../tap.js';
import type { Phase, PhaseRun } from './phase.js';

export const suites: Phase = { name: 'suites', machine: 'second', backEnds: ['openslot', 'kernel'], judge };

function judge({ facts, checks }: PhaseRun): void {
  judgeTap('suites in dom0', facts.file('suites.tap'), facts.get('code'), checks);
}
