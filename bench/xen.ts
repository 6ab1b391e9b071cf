/** A guest's whole bus scan with openslot's back end, beside one with the kernel's xen-pciback, in one boot. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabFailure } from '../lab/failure.js';
import { boot, type Boot } from '../lab/xen/boot.js';
import type { ConsoleLine } from '../lab/xen/qemu.js';
import type { BackEnd } from '../lab/xen/scenario.js';
import { listed, median } from './samples.js';
import { printStages } from './stages.js';

type Side = 'subject' | 'peer';

export async function measureXen(backEnd: BackEnd, rounds: number, limitSeconds: number): Promise<void> {
  const wall = new WallClock();
  const run = await boot({
    script: 'bench.sh',
    // The first scan of each guest is not counted: Node has not compiled the way yet.
    variables: { 'back-end': backEnd, rounds: String(rounds + 1) },
    disks: 2,
    limitSeconds,
    onLine: (line) => {
      wall.hear(line);
    },
  });
  console.log(`Logs: ${run.work}\n`);
  expectTheRightBackEnds(run, backEnd);
  const sides = (['subject', 'peer'] as const).map((side) => ({
    side,
    name: side === 'subject' ? backEnd : 'xen-pciback',
    guest: guestSamples(run, side, rounds),
    wall: wall.samples(side).slice(1),
  }));
  writeFileSync(join(run.work, 'bench.json'), JSON.stringify(sides, undefined, 2));

  console.log(`xen: milliseconds of a whole bus scan with one function, ${rounds} of each by turns`);
  for (const clock of ['guest', 'wall'] as const) {
    console.log(
      clock === 'guest' ? '  on the guest’s clock (2 ns an instruction)' : '  on this host’s clock',
    );
    for (const one of sides)
      console.log(
        `    ${one.name.padEnd(12)} median ${median(one[clock]).toFixed(1).padStart(8)}   ${listed(one[clock])}`,
      );
    const [ours = Number.NaN, theirs = Number.NaN] = sides.map((one) => median(one[clock]));
    console.log(`    ratio        ${(ours / theirs).toFixed(2)}`);
  }
  printStages(join(run.work, 'stages.json'));
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

/** Each fact is `nanoseconds function`: the function must have come back. */
function guestSamples(run: Boot, side: Side, rounds: number): number[] {
  const scans = (run.facts.get(`scan.${side}`) ?? '').split('\n').slice(1);
  const good = scans.filter((scan) => /^\d+ 0000:00:00\.0\s*$/.test(scan));
  if (good.length !== rounds)
    throw new LabFailure(
      `${good.length} of ${rounds} scans of the ${side} found its function; see ${run.work}.`,
    );
  return good.map((scan) => Number.parseInt(scan, 10) / 1e6);
}

/** What passes on this host between the two lines that surround a scan. */
class WallClock {
  readonly #samples: Record<Side, number[]> = { subject: [], peer: [] };
  #begin = 0;

  hear(line: ConsoleLine): void {
    const match = line.text.match(/LAB scan (subject|peer) (begin|end)/);
    if (match === null) return;
    if (match[2] === 'begin') this.#begin = line.at;
    else this.#samples[match[1] as Side].push(line.at - this.#begin);
  }

  samples(side: Side): readonly number[] {
    return this.#samples[side];
  }
}
