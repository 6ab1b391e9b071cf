/** The phase `guests`: three guests at once, and functions that go from one to another in any order, by both tool stacks. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const guests: Phase = { name: 'guests', machine: 'first', backEnds: ['openslot'], judge };

const [NVME, E1000E, AHCI] = ['0000:00:08.0', '0000:00:07.0', '0000:00:0a.0'] as const;
/** Where the guest `one` sees them, as it was asked for. */
const SEEN = { nvme: '0000:00:00.0', e1000e: '0000:00:09.0', ahci: '0000:00:1f.0' } as const;

function judge(run: PhaseRun): void {
  for (const driver of ['nvme', 'e1000e', 'ahci'] as const) run.succeeded(`claim.${driver}`);
  for (const guest of ['one', 'two', 'three']) run.succeeded(`${guest}.create`);
  judgeProof(run, 'one', 'nvme');
  judgeProof(run, 'two', 'e1000e');
  judgeProof(run, 'three', 'ahci');

  for (const step of ['two.detach', 'three.detach', 'one.ahci', 'one.e1000e']) run.succeeded(step);
  run.equal(
    'one guest has all three, in the slots that were asked for',
    'all.functions',
    `${SEEN.nvme} ${SEEN.e1000e} ${SEEN.ahci}`,
  );
  run.equal(
    'xl lists them in the order of their coming',
    'all.list',
    `Vdev Device\n00.0 ${NVME}\n1f.0 ${AHCI}\n09.0 ${E1000E}`,
    `${NVME}, ${AHCI}, ${E1000E}`,
  );
  judgeProof(run, 'all.ahci', 'ahci');
  judgeProof(run, 'all.e1000e', 'e1000e');

  judgeLeft(run, 'middle-by-xl', [SEEN.nvme, SEEN.e1000e]);
  judgeProof(run, 'middle-by-xl.nvme', 'nvme');
  judgeProof(run, 'middle-by-xl.e1000e', 'e1000e');
  // No slot was asked for: the first free one.
  const ahciNow = '0000:00:01.0';
  judgeLeft(run, 'back-by-xl', [SEEN.nvme, ahciNow, SEEN.e1000e]);
  judgeLeft(run, 'middle-by-us', [SEEN.nvme, ahciNow]);
  judgeProof(run, 'middle-by-us.nvme', 'nvme');
  judgeProof(run, 'middle-by-us.ahci', 'ahci');
  judgeLeft(run, 'first-by-xl', [ahciNow]);
  judgeLeft(run, 'last-by-us', []);

  run.succeeded('two.nvme');
  run.succeeded('three.e1000e');
  judgeProof(run, 'two.nvme', 'nvme');
  judgeProof(run, 'three.e1000e', 'e1000e');
  for (const guest of ['one', 'two', 'three']) run.succeeded(`${guest}.destroy`);
  run.nothingLeft(['one', 'two', 'three']);
  for (const slot of ['08', '07', '0a']) {
    run.equal(`0000:00:${slot}.0 is free after its guest`, `pool.${slot}`, 'free');
    run.succeeded(`release.${slot}`);
  }
}

function judgeLeft(run: PhaseRun, step: string, left: readonly string[]): void {
  run.succeeded(step);
  run.equal(
    `${step}: what the guest has then`,
    `${step}.functions`,
    left.join(' '),
    left.join(' ') || 'nothing',
  );
}
