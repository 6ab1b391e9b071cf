/** The phase `attachments`: cold and hot attach and detach of a guest that was made without functions, by both tool stacks by turns and by name. */
import type { Phase, PhaseRun } from './phase.js';

export const attachments: Phase = {
  name: 'attachments',
  machine: 'second',
  backEnds: ['openslot', 'kernel'],
  judge,
};

const address = '0000:00:08.0';
const secondAddress = '0000:00:07.0';
const namedAddress = '0000:00:0d.0';

function judge(run: PhaseRun): void {
  const { backEnd, nvmeMd5 } = run;
  run.succeeded('create');
  for (const [step, what] of [
    ['cold', 'attached before it starts'],
    ['hot-attach', 'attached while it runs'],
    ['xl-attach', 'attached by xl'],
  ] as const) {
    run.succeeded(step);
    run.equal(`the guest reads the disk that was ${what}`, `${step}.md5`, nvmeMd5);
  }
  // Both ends are connected by then, and agree on the change.
  run.succeeded('second-attach');
  // The kernel's back end has no ear for the slot, and xl does not wait until the guest has looked.
  const secondInGuest = backEnd === 'openslot' ? '0000:00:05.0' : '0000:00:01.0';
  if (backEnd === 'openslot')
    run.equal(
      'the guest finds one more function beside the first, in the slot that was asked for',
      'second-attach.functions',
      `0000:00:00.0 ${secondInGuest}`,
    );
  run.equal(
    'xl lists what was attached',
    'second-attach.xl',
    `Vdev Device\n00.0 ${address}\n05.0 ${secondAddress}`,
    `${address} and ${secondAddress}`,
  );
  for (const [step, what, left] of [
    ['hot-detach', 'what was attached cold', ''],
    ['xl-detach', 'by xl, what openslot attached', secondInGuest],
    ['last-detach', 'what xl attached', secondInGuest],
  ] as const) {
    run.succeeded(step);
    const name = `detached, ${what}: the guest’s disk is gone, and nothing else`;
    run.equal(name, `${step}.left`, left, left || 'it had nothing else');
  }
  run.equal('a detached function is free', 'pool.hot', 'free');
  judgeName(run, secondInGuest);
  run.succeeded('destroy');
  run.nothingLeft(['live']);
  run.equal('and free after the guest', 'pool.after', 'free');
  run.succeeded('release');
  run.succeeded('release-second');
}

/** A function with a name: `beside` is what the guest has besides it. */
function judgeName(run: PhaseRun, beside: string): void {
  run.succeeded('name.add');
  run.matches('xl lists the name', 'name.list.output', new RegExp(`^${namedAddress} spare$`, 'm'));
  const both = `0000:00:00.0 ${beside}`;
  for (const [step, seen, what, expected] of [
    ['name.attach', 'name.attached', 'attached by its name', both],
    ['name.xl-detach', 'name.detached', 'detached by its name, by xl', beside],
    ['name.xl-attach', 'name.xl-attached', 'attached by its name, by xl', both],
    ['name.detach', 'name.left', 'detached by its name', beside],
  ] as const) {
    run.succeeded(step);
    run.equal(`what the guest has with the function ${what}`, seen, expected);
  }
  run.checks.matches(
    'the pair has the name',
    run.facts.file('store-named.txt'),
    /^\/local\/domain\/0\/backend\/pci\/\d+\/0\/name-\d+ = "spare".*$/m,
  );
  run.succeeded('name.remove');
  run.equal('and the name is forgotten with it', 'name.none', '', 'none');
}
