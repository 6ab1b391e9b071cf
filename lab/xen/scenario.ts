/** The scenario of `lab xen`: boots, lets dom0's script do the steps, and judges what it found. */
import { lastLines } from '../failure.js';
import { boot, type Boot } from './boot.js';
import { Checks, indented } from './checks.js';
import type { Facts } from './facts.js';
import { keysOfGuest, storeDifference } from './store-difference.js';
import { judgeSuites } from './suites.js';

export type BackEnd = 'openslot' | 'kernel';

const address = '0000:00:08.0';
const secondAddress = '0000:00:07.0';
const diskSectors = (64 * 2 ** 20) / 512;

/** @returns true when every check passed. */
export async function runScenario(
  backEnd: BackEnd,
  options: {
    /** All, none, or the one of that name and nothing else. */
    readonly suites: boolean | string;
    readonly limitSeconds: number;
  },
): Promise<boolean> {
  const start = performance.now();
  const { suites } = options;
  const only = typeof suites === 'string';
  const variables = { 'back-end': backEnd, suites: suites === false ? 'no' : only ? suites : 'all' };
  const run = await boot({ script: 'scenario.sh', variables, disks: 1, limitSeconds: options.limitSeconds });
  console.log(`Logs: ${run.work}\n`);
  const checks = new Checks();
  if (only) {
    checks.equal('the suite ran to its end', run.facts.get('end'), 'suites');
    judgeSuites(run.facts, checks);
  } else judge(run, backEnd, checks);
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
  console.log(checks.closing);
  return checks.failed === 0;
}

function judge(run: Boot, backEnd: BackEnd, checks: Checks): void {
  const { facts } = run;
  const md5 = run.images.disks[0].md5;
  checks.equal('the scenario ran to its end', facts.get('end'), 'reached');
  checks.equal('nvme drives the function in dom0 before', facts.get('driver.before'), 'nvme');
  checks.equal('dom0 reads the disk before', facts.get('md5.before'), md5);
  judgeSuites(facts, checks);
  if (backEnd === 'openslot') {
    succeeded(facts, checks, 'list');
    checks.matches(
      'openslot list names the function',
      facts.get('list.output'),
      new RegExp(`^.*${address}.*$`, 'm'),
    );
  }
  succeeded(facts, checks, 'claim');
  checks.equal('xen-pciback holds the claimed function', facts.get('driver.claimed'), 'pciback');
  checks.differs('the back end is ready', facts.get('serve.ready'), '');
  succeeded(facts, checks, 'create');
  // Were it the kernel's by mistake, all the rest would be as good, and prove nothing.
  const driver = backEnd === 'kernel' ? 'xen-pciback' : 'none';
  checks.equal('the kernel’s driver behind the guest’s bus', facts.get('back-end.driver'), driver);
  judgeGuest(facts.file('guest-console.log'), md5, checks);
  if (backEnd === 'openslot') judgeRefusals(facts, checks);
  succeeded(facts, checks, 'destroy');
  judgeStore(facts, 'guest', 'store-after.txt', checks);
  checks.equal('the function is free again', poolState(facts, 'pool.after', backEnd), 'free');
  succeeded(facts, checks, 'unborn.create');
  checks.equal('a paused guest’s function is exported', facts.get('unborn.state'), '3');
  succeeded(facts, checks, 'unborn.destroy');
  // libxl gives up on a pair that never connected; the kernel's back end leaves it there.
  if (backEnd === 'openslot') judgeStore(facts, 'unborn', 'store-unborn.txt', checks);
  checks.equal('and it is free again', poolState(facts, 'pool.unborn', backEnd), 'free');
  judgeAttachments(facts, backEnd, md5, checks);
  succeeded(facts, checks, 'release');
  checks.equal('nvme drives the function in dom0 after', facts.get('driver.after'), 'nvme');
  checks.equal('dom0 reads the disk after', facts.get('md5.after'), md5);
  if (backEnd === 'openslot') checks.equal('serve ends on SIGTERM with 0', facts.get('serve.code'), '0');
}

/** A step's exit code; its output is shown when it is not 0. */
function succeeded(facts: Facts, checks: Checks, what: string): void {
  const code = facts.get(`${what}.code`);
  checks.equal(`${what} succeeds`, code, '0', 'exit code 0');
  const output = facts.get(`${what}.output`);
  if (code !== '0' && output !== undefined) console.log(indented(lastLines(output, 20)));
}

/** What the guest's own kernel said, and what it read. */
function judgeGuest(console: string, md5: string, checks: Checks): void {
  checks.matches('pcifront meets the back end', console, /^.*pcifront pci-\d+: Installing PCI frontend.*$/m);
  checks.matches('pcifront enumerates the function', console, /^.*pci \d{4}:00:00\.0: \[1b36:0010\].*$/m);
  checks.matches('nvme takes it', console, /^.*nvme nvme0: pci function.*$/m);
  const capacity = checks.matches('the guest has a disk', console, /^U capacity (\d+) sectors.*$/m);
  checks.equal('its capacity is the disk’s', capacity?.[1], String(diskSectors));
  checks.matches('interrupts arrive', console, /^U interrupt .*: +[1-9]\d* .*xen-pirq.*nvme.*$/m);
  checks.equal('the guest reads the disk', console.match(/^U md5 ([0-9a-f]{32})/m)?.[1], md5);
}

/** While the guest has the function, nobody else gets it, and each refusal says why. */
function judgeRefusals(facts: Facts, checks: Checks): void {
  for (const [step, code] of [
    ['second-serve', 'OWNER_RUNNING'],
    ['claim-again', 'FUNCTION_TAKEN'],
    ['release-taken', 'FUNCTION_TAKEN'],
  ] as const) {
    refused(facts, checks, step, code);
  }
}

function refused(facts: Facts, checks: Checks, step: string, code: string): void {
  checks.equal(`${step} is refused`, facts.get(`${step}.code`), '1', 'exit code 1');
  checks.matches(`${step} says why`, facts.get(`${step}.output`), new RegExp(`^error ${code}: .*$`, 'm'));
}

/** Cold and hot attach and detach of a guest that was made without functions, by our tool stack and xl by turns. */
function judgeAttachments(facts: Facts, backEnd: BackEnd, md5: string, checks: Checks): void {
  succeeded(facts, checks, 'live.create');
  if (backEnd === 'openslot') {
    for (const [step, code] of [
      ['attach-taken', 'FUNCTION_TAKEN'],
      ['attach-unclaimed', 'FUNCTION_NOT_CLAIMED'],
      ['attach-unknown', 'GUEST_UNKNOWN'],
    ] as const)
      refused(facts, checks, step, code);
    checks.equal('serve knows of no failure', facts.file('serve.log').match(/ failed: .*/)?.[0] ?? '', '');
  }
  for (const [step, what] of [
    ['cold', 'attached before it starts'],
    ['hot-attach', 'attached while it runs'],
    ['xl-attach', 'attached by xl'],
  ] as const) {
    succeeded(facts, checks, step);
    checks.equal(`the guest reads the disk that was ${what}`, facts.get(`${step}.md5`), md5);
  }
  // Both ends are connected by then, and agree on the change.
  succeeded(facts, checks, 'second-attach');
  // The kernel's back end has no ear for the slot, and xl does not wait until the guest has looked.
  const secondInGuest = backEnd === 'openslot' ? '0000:00:05.0' : '0000:00:01.0';
  if (backEnd === 'openslot')
    checks.equal(
      'the guest finds one more function beside the first, in the slot that was asked for',
      facts.get('second-attach.functions'),
      `0000:00:00.0 ${secondInGuest}`,
    );
  checks.equal(
    'xl lists what was attached',
    facts.get('second-attach.xl'),
    `Vdev Device\n00.0 ${address}\n05.0 ${secondAddress}`,
    `${address} and ${secondAddress}`,
  );
  for (const [step, what, left] of [
    ['hot-detach', 'what was attached cold', ''],
    ['xl-detach', 'by xl, what openslot attached', secondInGuest],
    ['last-detach', 'what xl attached', secondInGuest],
  ] as const) {
    succeeded(facts, checks, step);
    const name = `detached, ${what}: the guest’s disk is gone, and nothing else`;
    checks.equal(name, facts.get(`${step}.left`), left, left || 'it had nothing else');
  }
  checks.equal('a detached function is free', poolState(facts, 'pool.hot', backEnd), 'free');
  succeeded(facts, checks, 'live.destroy');
  judgeStore(facts, 'live', 'store-live.txt', checks);
  checks.equal('and free after the guest', poolState(facts, 'pool.live', backEnd), 'free');
}

/** Nothing of a destroyed guest stays; what it had is compared with the store from before any guest. */
function judgeStore(facts: Facts, guest: 'guest' | 'unborn' | 'live', file: string, checks: Checks): void {
  const domid = facts.get(`${guest}.id`) ?? 'unknown';
  if (guest === 'guest') {
    const state = new RegExp(`^/local/domain/0/backend/pci/${domid}/0/state .*$`, 'm');
    checks.matches('the guest had keys in XenStore', facts.file('store-connected.txt'), state);
  }
  const after = facts.file(file);
  if (checks.matches('dom0 has keys still', after, /^\/local\/domain\/0 .*$/m) === undefined) return;
  const difference = storeDifference(facts.file('store-before.txt'), after);
  checks.none(
    `no key of the ${guest} is left`,
    keysOfGuest(difference.added, domid, facts.get(`${guest}.vm`) ?? 'unknown'),
  );
  // Another guest is there by then.
  const others = new Set(
    guest === 'live'
      ? []
      : keysOfGuest(difference.added, facts.get('live.id') ?? 'unknown', facts.get('live.vm') ?? 'unknown'),
  );
  for (const [how, lines] of Object.entries(difference) as [string, readonly string[]][]) {
    const shown = lines.filter((line) => !others.has(line));
    if (shown.length > 0)
      console.log(`XenStore, ${how} since before the guest:\n${indented(shown.join('\n'))}`);
  }
}

/** How `openslot list --json` shows the function. This is the one place that knows that output's form. */
function poolState(facts: Facts, fact: string, backEnd: BackEnd): string | undefined {
  const text = facts.get(fact);
  if (text === undefined || backEnd === 'kernel') return text;
  try {
    const list = JSON.parse(text) as {
      functions?: readonly { address: string; pool?: { state?: string } }[];
    };
    return list.functions?.find((one) => one.address === address)?.pool?.state;
  } catch {
    return text;
  }
}
