/** The phase `restart`: serve is killed again and again under a guest that reads its disk, and is told to stop. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const restart: Phase = { name: 'restart', machine: 'second', backEnds: ['openslot'], judge };

/** In each round; fewer would not show that the guest read all the time. */
const FEWEST_READS = 3;

function judge(run: PhaseRun): void {
  const { facts, checks, nvmeMd5: md5 } = run;
  const console = facts.file('restart-console.log');
  run.succeeded('create');
  run.equal('the guest reads its disk before', 'md5.before', md5);
  const rounds = Number(facts.get('rounds'));
  run.equal(`serve was killed ${rounds} times and went on`, 'killed', String(rounds));
  judgeLoop(run, 'loop.killed', 'while serve was killed and started');
  tellWaits(run);

  run.equal('told to stop, serve ends with 0', 'stop.code', '0');
  run.matches('it says whose device works on', 'stop.said', /^guest \d+ keeps 0000:00:08\.0: .*$/);
  run.equal('the kernel probes back ends again', 'stop.probing', '1');
  judgeLoop(run, 'loop.stopped', 'while nobody served');
  run.equal('the next serve goes on', 'stop.resumed', 'yes');
  run.equal('it knows who has the function', 'pool.resumed', 'taken');
  run.succeeded('attach');
  judgeProof(run, 'attached', 'e1000e');
  run.succeeded('detach');
  run.equal('what it attached leaves again', 'detached.functions', '0000:00:00.0');
  judgeLoop(run, 'loop.end', 'to the end');
  run.equal('the guest reads its disk after', 'md5.after', md5);
  checks.none(
    'the guest’s kernel met no error of its disk',
    console.match(/^.*(I\/O error|nvme.*(timeout|down|reset)).*$/gim) ?? [],
  );

  run.succeeded('destroy');
  run.equal('what the dead guest had is known', 'records.dead', '1');
  run.equal('and comes back when serve does', 'pool.after', 'free');
  run.equal('the function that it gave back before is free', 'pool.second', 'free');
  run.equal('nothing is known of the guest any more', 'records.after', '0');
  run.nothingLeft(['restart']);
  for (const one of ['nvme', 'e1000e']) run.succeeded(`release.${one}`);
  run.equal('dom0 reads the disk after', 'md5.host', md5);
}

/** `READS ERRORS WRONG`: of the guest's loop so far. */
function judgeLoop({ facts, checks }: PhaseRun, fact: string, when: string): void {
  const [reads = '', errors, wrong] = (facts.get(fact) ?? '').split(' ');
  checks.equal(
    `the guest read ${when}`,
    Number(reads) >= FEWEST_READS * Number(facts.get('rounds')) ? 'enough' : reads,
    'enough',
    `${reads} times`,
  );
  checks.equal(`without an error ${when}`, errors, '0');
  checks.equal(`and always the same ${when}`, wrong, '0');
}

/**
 * How long the guest's accesses waited, in its own time. A Node process takes emulated processors seconds to start, and
 * pcifront gives an access up after two: what waits already must be there before.
 */
function tellWaits({ facts, checks }: PhaseRun): void {
  const waits = (facts.get('waited') ?? '').split('\n').map((line) => {
    const [round = NaN, nanoseconds = NaN] = line.split(' ').map(Number);
    return { round, seconds: nanoseconds / 1e9 };
  });
  const rounds = Number(facts.get('rounds'));
  // In the first ones nobody waits for serve to end: the next one is started when it is dead.
  const coldRounds = Number(facts.get('cold'));
  for (const cold of [true, false])
    for (const [what, parity] of [
      ['one access', 1],
      ['a look over the bus', 0],
    ] as const) {
      const seconds = waits
        .filter(({ round }) => round <= coldRounds === cold && round % 2 === parity)
        .map(({ seconds }) => seconds)
        .sort((a, b) => a - b);
      const name = `${what}, ${cold ? 'serve started after its end' : 'the next serve waiting'}`;
      const all = (cold ? coldRounds : rounds - coldRounds) / 2;
      const shown = `median ${seconds[seconds.length >> 1]?.toFixed(2) ?? '?'} s, longest ${seconds.at(-1)?.toFixed(2) ?? '?'} s`;
      checks.equal(
        `${name}: ended each time`,
        String(seconds.filter(Number.isFinite).length),
        String(all),
        shown,
      );
    }
  const silent = (console: string) => console.match(/pciback not responding/g)?.length ?? 0;
  const cold = silent(facts.file('cold-console.log'));
  console.log(`  accesses that pcifront gave up while serve was started: ${cold}`);
  // The last file tells of all.
  const all = silent(facts.file('killed-console.log'));
  checks.equal('pcifront gave up no access while the next serve waited', String(all - cold), '0');
}
