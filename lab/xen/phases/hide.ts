/** The phase `hide`: a function is hidden by an edit of /etc/default/grub, which the next boot's command line comes from. */
import type { Phase, PhaseRun } from './phase.js';

export const hide: Phase = { name: 'hide', machine: 'first', backEnds: ['openslot'], judge };

function judge(run: PhaseRun): void {
  run.equal('dom0’s kernel would get', 'words.before', 'net.ifnames=0 quiet');
  run.succeeded('tried');
  run.matches('a dry run shows the line', 'tried.output', /^\+GRUB_CMDLINE_LINUX.*xen-pciback\.hide=.*$/m);
  run.equal('and leaves the file', 'tried.file', 'unchanged');
  run.succeeded('hide');
  run.matches('with it the kernel gets', 'words', /^net\.ifnames=0 quiet xen-pciback\.hide=\(\S+\)$/);
}
