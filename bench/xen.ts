/** What a guest waits for with our back end beside the same with the kernel's, and our XenStore server beside C xenstored, in one boot. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure } from '../lab/failure.js';
import { boot, type Boot } from '../lab/xen/boot.js';
import type { ConsoleLine } from '../lab/qemu.js';
import type { BackEnd } from '../lab/xen/phases/index.js';
import { listed, median } from './samples.js';
import { printStages } from './stages.js';
import { printLoads } from './store.js';
import type { StoreSamples } from './store-load.js';

type Side = 'subject' | 'peer';

export interface XenBench {
  readonly backEnd: BackEnd;
  readonly rounds: number;
  /** From `xl pci-attach` to the driver, so many times; none with 0. */
  readonly attaches: number;
  readonly limitSeconds: number;
  /** One: time is counted by instructions, so that it does not depend on this host's load. Two: it is the host's own. */
  readonly processors: 1 | 2;
}

export async function measureXen({
  backEnd,
  rounds,
  attaches,
  limitSeconds,
  processors,
}: XenBench): Promise<void> {
  const wall = new WallClock();
  const run = await boot({
    script: 'bench.sh',
    // The first of each is not counted: Node has not compiled the way yet.
    variables: {
      'back-end': backEnd,
      processors: String(processors),
      rounds: String(rounds + 1),
      loaded: String(LOADED + 1),
      attaches: String(attaches === 0 ? 0 : attaches + 1),
    },
    disks: 2,
    limitSeconds,
    processors,
    onLine: (line) => {
      wall.hear(line);
    },
  });
  console.log(`Logs: ${run.work}\n`);
  expectTheRightBackEnds(run, backEnd);
  const measured = Object.fromEntries(
    WHATS.map((what) => [
      what,
      (['subject', 'peer'] as const).map((side) => ({
        side,
        name: side === 'subject' ? backEnd : 'xen-pciback',
        guest: guestSamples(
          run,
          what,
          side,
          { scan: rounds, reads: rounds, loaded: LOADED, attach: attaches, usable: attaches }[what],
        ),
        wall: wall.samples(what, side).slice(1),
      })),
    ]),
  ) as unknown as Readonly<Record<What, readonly Measured[]>>;
  writeFileSync(join(run.work, 'bench.json'), JSON.stringify(measured, undefined, 2));

  const on = processors === 1 ? 'one virtual processor for dom0 and guest' : 'a virtual processor for each';
  console.log(`xen, ${on}: milliseconds of a whole bus scan, ${rounds} of each by turns`);
  printClocks(measured.scan, 1, processors);
  console.log(
    `\nxen, ${on}: microseconds of one configuration read, ${rounds} runs of ${READS} of each by turns`,
  );
  printClocks(measured.reads, 1000 / READS, processors);
  if (attaches > 0) {
    console.log(
      `\nxen, ${on}: milliseconds from xl pci-attach to the guest's driver bound, ${attaches} of each by turns`,
    );
    printClocks(measured.attach, 1, processors);
    console.log(`\nxen, ${on}: milliseconds from xl pci-attach to the guest's disk there, of the same`);
    printClocks(measured.usable, 1, processors);
  }
  console.log(`\nxen, ${on}: milliseconds of a scan while two more programs want dom0's processor`);
  printClocks(measured.loaded, 1, processors);
  const givenUp = (['subject', 'peer'] as const).map((side) => run.facts.get(`given-up.${side}`) ?? '?');
  console.log(
    `  accesses that the guest's front end gave up on: ${givenUp[0]} (${backEnd}), ${givenUp[1]} (xen-pciback)`,
  );
  if (processors === 1) printStore(run);
  const [ours] = measured.reads;
  printStages(join(run.work, 'stages.json'), (median(ours?.guest ?? []) * 1000) / READS);
}

/** Both servers in dom0, each in a process of its own, on one processor with the client. */
function printStore({ facts, work }: Boot): void {
  if (facts.get('store.code') !== '0')
    throw new LabFailure(
      `The store's load failed: ${facts.get('store.log') ?? 'it never ended'}; see ${work}.`,
    );
  console.log('\nstore: operations a second through the socket in dom0, by turns, on the guest’s clock');
  printLoads(JSON.parse(facts.file('store.json')) as StoreSamples);
}

type What = (typeof WHATS)[number];
/** Scans under load: each takes a second. */
const LOADED = 5;
const WHATS = ['scan', 'reads', 'loaded', 'attach', 'usable'] as const;
/** Configuration reads of 4 bytes that the guest's kernel makes of one read of a function's `config` file. */
const READS = 1024;

/** Milliseconds. */
interface Measured {
  readonly name: string;
  readonly guest: readonly number[];
  readonly wall: readonly number[];
}

function printClocks(sides: readonly Measured[], scale: number, processors: 1 | 2): void {
  const unit = processors === 1 ? ' (2 ns an instruction)' : '';
  for (const clock of ['guest', 'wall'] as const) {
    console.log(clock === 'guest' ? `  on the virtual machine’s clock${unit}` : '  on this host’s clock');
    for (const one of sides) {
      const samples = one[clock].map((sample) => sample * scale);
      console.log(
        `    ${one.name.padEnd(12)} median ${median(samples).toFixed(1).padStart(8)}   ${listed(samples)}`,
      );
    }
    const [ours = Number.NaN, theirs = Number.NaN] = sides.map((one) => median(one[clock]));
    console.log(`    ratio        ${(ours / theirs).toFixed(2)}`);
  }
}

/** A figure of the wrong back end is worse than none. */
function expectTheRightBackEnds({ facts, outcome, work }: Boot, backEnd: BackEnd): void {
  if (outcome !== 'end' || facts.get('end') !== 'reached')
    throw new LabFailure(`The measurement did not come to its end; see ${work}.`);
  const expected = { subject: backEnd === 'kernel' ? 'xen-pciback' : 'none', peer: 'xen-pciback' };
  for (const side of ['subject', 'peer'] as const) {
    const driver = facts.get(`${side}.driver`);
    if (driver !== expected[side])
      throw new LabFailure(
        `The ${side}’s back end has the driver ${driver ?? 'unknown'}, expected ${expected[side]}; see ${work}.`,
      );
  }
}

/** After a scan the function must have come back; a run of reads must have read all bytes. */
const GOOD: Readonly<Record<What, RegExp>> = {
  scan: /^\d+ 0000:00:00\.0 0000:00:01\.0\s*$/,
  loaded: /^\d+ 0000:00:00\.0 0000:00:01\.0\s*$/,
  reads: /^\d+ 4096\s*$/,
  attach: /^\d+ bound$/,
  usable: /^\d+ disk$/,
};

/** Each fact is nanoseconds and what was seen. */
function guestSamples(run: Boot, what: What, side: Side, rounds: number): number[] {
  const all = (run.facts.get(`${what}.${side}`) ?? '').split('\n').slice(1);
  const good = all.filter((sample) => GOOD[what].test(sample));
  if (good.length !== rounds)
    throw new LabFailure(
      `${good.length} of ${rounds} (${what}) of the ${side} saw its function; see ${run.work}.`,
    );
  return good.map((sample) => Number.parseInt(sample, 10) / 1e6);
}

/** What passes on this host between the two lines that surround a measurement. */
class WallClock {
  readonly #samples = new Map<string, number[]>();
  #begin = 0;

  hear(line: ConsoleLine): void {
    const match = line.text.match(/LAB (scan|reads|loaded|attach|usable) (subject|peer) (begin|end)/);
    if (match === null) return;
    const [, what = '', side = '', edge] = match;
    // Until a disk is usable counts from the beginning of its attach.
    if (edge === 'begin') this.#begin = line.at;
    else this.#of(what, side).push(line.at - this.#begin);
  }

  samples(what: What, side: Side): readonly number[] {
    return this.#of(what, side);
  }

  #of(what: string, side: string): number[] {
    const key = `${what} ${side}`;
    const samples = this.#samples.get(key) ?? [];
    this.#samples.set(key, samples);
    return samples;
  }
}
