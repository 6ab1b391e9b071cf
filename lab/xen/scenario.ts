/** The scenario of `lab xen`: boots its machines side by side, lets their scripts do the phases, and judges each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure } from '../failure.js';
import { boot, prepareLab, type Boot, type Lab } from './boot.js';
import { Checks } from '../checks.js';
import { MACHINES, PHASES, PhaseRun, type BackEnd, type BootsAfter, type Phase } from './phases/index.js';

export interface ScenarioOptions {
  readonly backEnd: BackEnd;
  /** Names of the phases to run; all of the back end's when empty. */
  readonly only: readonly string[];
  /** Names of phases to leave out. */
  readonly without: readonly string[];
  /** The one suite of test/xen-lab that the phase `suites` runs; all when undefined. */
  readonly suite: string | undefined;
  /** How often the phase `restart` kills serve: an even number from 4 on. */
  readonly kills: number;
  readonly limitSeconds: number;
}

/** @returns true when every check passed. @throws {LabFailure} no such phase. */
export async function runScenario(options: ScenarioOptions): Promise<boolean> {
  const start = performance.now();
  const chosen = choose(options);
  const lab = await prepareLab();
  const machines = MACHINES.map((machine) => chosen.filter((phase) => phase.machine === machine)).filter(
    (phases) => phases.length > 0,
  );
  const ends = new PhaseEnds();
  // Side by side: one machine keeps one processor busy, because its time counts instructions.
  const boots = await Promise.all(
    machines.map(async (phases) => {
      const after = phases.find(({ bootsAfter }) => bootsAfter !== undefined)?.bootsAfter;
      const awaited = after !== undefined && chosen.some(({ name }) => name === after.phase);
      const left = awaited ? leftOf(await ends.of(after.phase), after) : undefined;
      const run = await bootFor(phases, lab, options, ends, left);
      for (const { name } of phases) ends.reached(name, run);
      return run;
    }),
  );

  const checks = new Checks();
  for (const [index, phases] of machines.entries()) {
    const run = boots[index];
    if (run !== undefined) judge(run, phases, options.backEnd, checks);
  }
  console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
  console.log(checks.closing);
  return checks.failed === 0;
}

function choose({ only, without, backEnd }: ScenarioOptions): readonly Phase[] {
  const known = PHASES.map(({ name }) => name);
  const unknown = [...only, ...without].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new LabFailure(`There is no phase ${unknown}; there are ${known.join(', ')}.`);
  const asked = new Set(only);
  for (const { name, bootsAfter } of PHASES)
    if (bootsAfter !== undefined && asked.has(name)) asked.add(bootsAfter.phase);
  const chosen = PHASES.filter(
    ({ name, backEnds }) =>
      (asked.size === 0 || asked.has(name)) && !without.includes(name) && backEnds.includes(backEnd),
  );
  if (chosen.length === 0) throw new LabFailure(`The back end ${backEnd} has none of these phases.`);
  return chosen;
}

/** What a phase left: its machine may go on. */
type Left = Pick<Boot, 'facts' | 'work'>;

/** Where a machine that boots after a phase of another one waits for it. */
class PhaseEnds {
  readonly #waiting = new Map<string, (left: Left) => void>();

  of(phase: string): Promise<Left> {
    return new Promise((resolve) => this.#waiting.set(phase, resolve));
  }

  /** It is over, or its machine ended without it: the first word counts. */
  reached(phase: string, left: Left): void {
    this.#waiting.get(phase)?.(left);
  }
}

/** What the boot of one machine gets from that of another. */
interface Inheritance {
  readonly words: readonly string[];
  readonly folders: Readonly<Record<string, string>>;
}

/** A phase that did not come so far leaves nothing, and the next one's judge says what is missing. */
function leftOf({ facts, work }: Left, { phase, words, state }: BootsAfter): Inheritance {
  const folder = join(work, phase, state);
  return {
    words: (facts.of(phase).get(words) ?? '').split(' ').filter(Boolean),
    folders: existsSync(folder) ? { state: folder } : {},
  };
}

function bootFor(
  phases: readonly Phase[],
  lab: Lab,
  options: ScenarioOptions,
  ends: PhaseEnds,
  left?: Inheritance,
): Promise<Boot> {
  const variables = {
    'back-end': options.backEnd,
    phases: phases.map(({ name }) => name).join(':'),
    suite: options.suite ?? 'all',
    kills: String(options.kills),
    // As Debian's initramfs has it where /etc/initramfs-tools/modules names it.
    ...(left === undefined ? {} : { early: 'xen-pciback' }),
  };
  const label = phases[0]?.machine;
  const { limitSeconds } = options;
  return boot(
    {
      ...{ script: 'scenario.sh', variables, disks: 1, limitSeconds },
      ...(label === undefined ? {} : { label }),
      ...left,
      onPhaseEnd: (phase, so) => {
        ends.reached(phase, so);
      },
    },
    lab,
  );
}

function judge(
  { facts, images, work }: Boot,
  phases: readonly Phase[],
  backEnd: BackEnd,
  checks: Checks,
): void {
  console.log(`\nLogs: ${work}`);
  for (const phase of phases) {
    const own = facts.of(phase.name);
    console.log(`\n# ${phase.name}`);
    checks.equal(`${phase.name} ran to its end`, own.get('end'), 'reached');
    phase.judge(new PhaseRun(own, checks, backEnd, images));
  }
  if (backEnd === 'kernel') return;
  console.log('\n# serve');
  // A machine that ran suites alone has never served.
  if (facts.get('serve.code') !== undefined)
    checks.equal('serve ends on SIGTERM with 0', facts.get('serve.code'), '0');
  checks.equal('serve knows of no failure', facts.file('serve.log').match(/ failed: .*/)?.[0] ?? '', '');
}
