/** The phase `restart`: serve is killed again and again under a guest that reads its disk, and is told to stop. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const restart: Phase = { name: 'restart', machine: 'second', backEnds: ['openslot'], judge };

const ROUNDS = 20;
/** Fewer would not show that the guest read all the time. */
const FEWEST_READS = 3 * ROUNDS;

function judge(run: PhaseRun): void {
  const { facts, checks, nvmeMd5: md5 } = run;
  const console = facts.file('restart-console.log');
  run.succeeded('create');
  run.equal('the guest reads its disk before', 'md5.before', md5);
  run.equal(`serve was killed ${ROUNDS} times and went on`, 'killed', String(ROUNDS));
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
    Number(reads) >= FEWEST_READS ? 'enough' : reads,
    'enough',
    `${reads} times`,
  );
  checks.equal(`without an error ${when}`, errors, '0');
  checks.equal(`and always the same ${when}`, wrong, '0');
}

/** How long the guest's accesses waited: in its own time, from the first that nobody answered. */
function tellWaits({ facts, checks }: PhaseRun): void {
  const waits = (facts.get('waited') ?? '').split('\n').map((line) => line.split(' ').map(Number));
  const kinds = [
    ['one access', 1],
    ['a look over the bus', 0],
  ] as const;
  for (const [what, parity] of kinds) {
    const seconds = waits
      .filter(([round = 0]) => round % 2 === parity)
      .map(([, nanoseconds = NaN]) => nanoseconds / 1e9);
    seconds.sort((a, b) => a - b);
    checks.equal(
      `each of ${ROUNDS / 2} waits for ${what} ended`,
      String(seconds.filter(Number.isFinite).length),
      String(ROUNDS / 2),
    );
    console.log(
      `  ${what}: median ${seconds[seconds.length >> 1]?.toFixed(2)} s, longest ${seconds.at(-1)?.toFixed(2)} s in the guest's time`,
    );
  }
  const silent = facts.file('restart-console.log').match(/pciback not responding/g)?.length ?? 0;
  console.log(`  accesses that pcifront gave up after 2 s: ${silent}`);
}
