/** The phase `hidden`: the boot after `hide`, in which Linux's xen-pciback has the function before its driver comes. */
import { indented } from '../../checks.js';
import type { Phase, PhaseRun } from './phase.js';

export const hidden: Phase = {
  name: 'hidden',
  machine: 'second',
  backEnds: ['openslot'],
  bootsAfter: { phase: 'hide', words: 'words', state: 'state' },
  judge,
};

function judge(run: PhaseRun): void {
  run.matches('the kernel was told to hide it', 'cmdline', /xen-pciback\.hide=\(\S+\)/);
  run.equal('xen-pciback has it', 'driver', 'pciback');
  run.equal('its driver has no disk of it', 'disk', '', 'none');
  run.equal('xl lists it as assignable', 'listed', '0000:00:08.0');
  const said = run.facts.file('doctor.txt');
  run.checks.matches('doctor sees that it took', said, /^ +fine +hidden: it did \(1 function\)$/m);
  run.equal('without xen-pciback its driver has it', 'driver.after', 'nvme');
  console.log(`openslot doctor 00:08.0 --for xen:\n${indented(said)}`);
}
