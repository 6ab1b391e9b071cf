/** The phase `devices`: every kind of interrupt to stock drivers of a guest, by xl and nothing else; a reboot of the guest. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const devices: Phase = { name: 'devices', machine: 'first', backEnds: ['openslot', 'kernel'], judge };

const SPECS = ['00:08.0', '00:07.0', '00:0a.0', '00:0d.0'];
const all = [...SPECS].sort().map((spec) => `0000:${spec}`);
const assignable = all.join(' ');

/** In the order of the guest's configuration. xl shows the slots that were asked for; none was. */
const onTheBus = ['Vdev Device', ...SPECS.map((spec) => `00.0 0000:${spec}`)].join('\n');

function judge(run: PhaseRun): void {
  for (const spec of SPECS) run.succeeded(`add.${spec}`);
  run.equal('xl lists them as assignable', 'listed', assignable);
  run.succeeded('create');
  run.equal(
    'the kernel’s driver behind the guest’s bus',
    'back-end.driver',
    run.backEnd === 'kernel' ? 'xen-pciback' : 'none',
  );
  run.equal('xl lists the guest’s functions', 'pci-list', onTheBus, `${SPECS.length} of them`);
  run.equal('and none as assignable', 'listed.given', '', 'none');
  judgeAll(run, 'first');
  run.succeeded('reboot');
  run.checks.differs(
    'the guest comes back as another domain',
    run.facts.get('reborn.id'),
    run.facts.get('devices.id') ?? '',
  );
  run.equal('with the same functions', 'pci-list.after', onTheBus, `${SPECS.length} of them`);
  judgeAll(run, 'second');
  run.succeeded('destroy');
  run.nothingLeft(['devices', 'reborn']);
  run.equal('all are assignable again', 'listed.after', assignable);
  for (const spec of SPECS) run.succeeded(`remove.${spec}`);
  run.equal('and none after that', 'listed.end', '', 'none');
  run.equal('nvme drives its function in dom0 again', 'driver.after', 'nvme');
}

function judgeAll(run: PhaseRun, boot: string): void {
  for (const driver of ['nvme', 'e1000e', 'ahci', 'e1000'] as const)
    judgeProof(run, `${boot}.${driver}`, driver);
}
