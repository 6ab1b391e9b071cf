/** A phase of the lab's scenario: a script that does steps in dom0, and how what it found out is judged here. */
import { lastLines } from '../../failure.js';
import { indented, type Checks } from '../../checks.js';
import type { PhaseFacts } from '../facts.js';
import type { Images } from '../images.js';
import { keysOfGuest, storeDifference } from '../store-difference.js';

export type BackEnd = 'openslot' | 'kernel';

export const MACHINES = ['first', 'second'] as const;
export type MachineName = (typeof MACHINES)[number];

/** What one boot hands to the next. */
export interface BootsAfter {
  /** It runs before, on another machine. */
  readonly phase: string;
  /** Its fact with words for the kernel's command line. */
  readonly words: string;
  /** Its folder that the next machine sees as /lab/state, as the state directory of a host outlives a boot. */
  readonly state: string;
}

export interface Phase {
  /** Its script is lab/xen/guest/phases/NAME.sh. */
  readonly name: string;
  /** The machines run side by side, each one its phases in their order: what takes long goes to the one with less. */
  readonly machine: MachineName;
  /** The first of its machine, which boots when a phase of the other one is over, with what that left. */
  readonly bootsAfter?: BootsAfter;
  /** Whose phase it is; the kernel's back end is there to compare with. */
  readonly backEnds: readonly BackEnd[];
  judge(run: PhaseRun): void;
}

/** What a judge has: the facts of its phase, the checks to make, and what most phases ask. */
export class PhaseRun {
  readonly facts: PhaseFacts;
  readonly checks: Checks;
  readonly backEnd: BackEnd;
  readonly images: Images;

  constructor(facts: PhaseFacts, checks: Checks, backEnd: BackEnd, images: Images) {
    this.facts = facts;
    this.checks = checks;
    this.backEnd = backEnd;
    this.images = images;
  }

  /** What the guest must read from the NVMe disk. */
  get nvmeMd5(): string {
    return this.images.disks[0].md5;
  }

  equal(name: string, fact: string, expected: string, shown?: string): void {
    this.checks.equal(name, this.facts.get(fact), expected, shown);
  }

  matches(name: string, fact: string, expected: RegExp): void {
    this.checks.matches(name, this.facts.get(fact), expected);
  }

  /** A step's exit code; its output is shown when it is not 0. */
  succeeded(step: string): void {
    const code = this.facts.get(`${step}.code`);
    this.checks.equal(`${step} succeeds`, code, '0', 'exit code 0');
    const output = this.facts.get(`${step}.output`);
    if (code !== '0' && output !== undefined) console.log(indented(lastLines(output, 20)));
  }

  refused(step: string, code: string): void {
    this.equal(`${step} is refused`, `${step}.code`, '1', 'exit code 1');
    this.matches(`${step} says why`, `${step}.output`, new RegExp(`^error ${code}: .*$`, 'm'));
  }

  /** No key of the guests stays, as the listing `after` shows; what else came or went since `before` is printed. */
  nothingLeft(guests: readonly string[], after = 'after', before = 'before'): void {
    const { facts, checks } = this;
    const now = facts.file(`store-${after}.txt`);
    if (checks.matches('dom0 has keys still', now, /^\/local\/domain\/0 .*$/m) === undefined) return;
    const difference = storeDifference(facts.file(`store-${before}.txt`), now);
    for (const guest of guests) {
      const domid = facts.get(`${guest}.id`) ?? 'unknown';
      const vm = facts.get(`${guest}.vm`) ?? 'unknown';
      checks.none(`no key of the guest ${guest} is left`, keysOfGuest(difference.added, domid, vm));
    }
    for (const [how, lines] of Object.entries(difference) as [string, readonly string[]][])
      if (lines.length > 0) console.log(`XenStore, ${how} since before:\n${indented(lines.join('\n'))}`);
  }
}
