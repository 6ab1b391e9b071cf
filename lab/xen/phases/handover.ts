/** The phase `handover`: one function from its driver to a guest that xl creates, and back. */
import type { Phase, PhaseRun } from './phase.js';

export const handover: Phase = {
  name: 'handover',
  machine: 'first',
  backEnds: ['openslot', 'kernel'],
  judge,
};

const address = '0000:00:08.0';
const diskSectors = (64 * 2 ** 20) / 512;

function judge(run: PhaseRun): void {
  const { facts, checks, backEnd, nvmeMd5 } = run;
  run.equal('nvme drives the function in dom0 before', 'driver.before', 'nvme');
  run.equal('dom0 reads the disk before', 'md5.before', nvmeMd5);
  if (backEnd === 'openslot') {
    run.succeeded('list');
    run.matches('openslot list names the function', 'list.output', new RegExp(`^.*${address}.*$`, 'm'));
  }
  run.succeeded('claim');
  run.equal('xen-pciback holds the claimed function', 'driver.claimed', 'pciback');
  checks.differs('the back end is ready', facts.get('serve.ready'), '');
  run.succeeded('create');
  // Were it the kernel's by mistake, all the rest would be as good, and prove nothing.
  const driver = backEnd === 'kernel' ? 'xen-pciback' : 'none';
  run.equal('the kernel’s driver behind the guest’s bus', 'back-end.driver', driver);
  judgeGuest(run);
  // While the guest has the function, nobody else gets it, and each refusal says why.
  if (backEnd === 'openslot') {
    run.refused('second-serve', 'OWNER_RUNNING');
    run.refused('claim-again', 'FUNCTION_TAKEN');
    run.refused('release-taken', 'FUNCTION_TAKEN');
  }
  run.succeeded('destroy');
  const state = new RegExp(`^/local/domain/0/backend/pci/${facts.get('guest.id') ?? ''}/0/state .*$`, 'm');
  checks.matches('the guest had keys in XenStore', facts.file('store-connected.txt'), state);
  run.nothingLeft(['guest']);
  run.equal('the function is free again', 'pool.after', 'free');
  judgeUnborn(run);
  run.succeeded('release');
  run.equal('nvme drives the function in dom0 after', 'driver.after', 'nvme');
  run.equal('dom0 reads the disk after', 'md5.after', nvmeMd5);
}

/** What the guest's own kernel said, and what it read. */
function judgeGuest({ facts, checks, nvmeMd5 }: PhaseRun): void {
  const console = facts.file('guest-console.log').replaceAll('\r', '');
  checks.matches('pcifront meets the back end', console, /^.*pcifront pci-\d+: Installing PCI frontend.*$/m);
  checks.matches('pcifront enumerates the function', console, /^.*pci \d{4}:00:00\.0: \[1b36:0010\].*$/m);
  checks.matches('nvme takes it', console, /^.*nvme nvme0: pci function.*$/m);
  const capacity = checks.matches('the guest has a disk', console, /^U capacity (\d+) sectors.*$/m);
  checks.equal('its capacity is the disk’s', capacity?.[1], String(diskSectors));
  checks.matches('interrupts arrive', console, /^U interrupt .*: +[1-9]\d* .*xen-pirq.*nvme.*$/m);
  checks.equal('the guest reads the disk', console.match(/^U prove nvme ([0-9a-f]{32})/m)?.[1], nvmeMd5);
}

/** A guest that dies before its front end has said a word. */
function judgeUnborn(run: PhaseRun): void {
  run.succeeded('unborn.create');
  run.equal('a paused guest’s function is exported', 'unborn.state', '3');
  if (run.backEnd === 'openslot') {
    run.refused('attach-taken', 'FUNCTION_TAKEN');
    run.refused('attach-unclaimed', 'FUNCTION_NOT_CLAIMED');
    run.refused('attach-unknown', 'GUEST_UNKNOWN');
  }
  run.succeeded('unborn.destroy');
  // libxl gives up on a pair that never connected; the kernel's back end leaves it there.
  if (run.backEnd === 'openslot') run.nothingLeft(['unborn'], 'unborn');
  run.equal('and it is free again', 'pool.unborn', 'free');
}
