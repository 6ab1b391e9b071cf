/** The phase `without-pciback`: the whole way without the kernel's back end module, and without xl but for making the guest. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const withoutPciback: Phase = {
  name: 'without-pciback',
  machine: 'second',
  backEnds: ['openslot'],
  judge,
};

function judge(run: PhaseRun): void {
  run.equal('xen-pciback is not loaded', 'pciback', 'absent');
  run.succeeded('claim.nvme');
  run.succeeded('claim.e1000');
  run.equal('a claimed function has no driver', 'nvme.holder', '', 'none');
  run.equal('xl has nothing to hold a function with', 'xl-refuses.code', '1', 'exit code 1');
  run.succeeded('create');
  run.succeeded('attach.nvme');
  judgeProof(run, 'nvme', 'nvme');
  run.succeeded('attach.e1000');
  judgeProof(run, 'e1000', 'e1000');
  run.succeeded('detach.nvme');
  run.equal('the guest has the other one still', 'detach.nvme.functions', '0000:00:01.0');
  run.equal('a detached function is free', 'pool.nvme', 'free');
  run.succeeded('again');
  judgeProof(run, 'again', 'nvme');
  run.succeeded('detach.e1000');
  run.equal('the guest has the first one still', 'detach.e1000.functions', '0000:00:00.0');
  run.succeeded('destroy');
  run.nothingLeft(['alone']);
  run.equal('and free after the guest', 'pool.after', 'free');
  run.succeeded('release.nvme');
  run.succeeded('release.e1000');
  run.equal('nvme drives its function in dom0 after', 'driver.after', 'nvme');
  run.equal('dom0 reads the disk after', 'md5.after', run.nvmeMd5);
}
