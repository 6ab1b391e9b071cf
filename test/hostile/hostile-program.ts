/**
 * `node --expose-gc hostile-program.js SEED OPERATIONS`: two honest guests, and beside them attackers with so many
 * operations (0: none); says as JSON what became of all of them.
 */
import { AttackedHost } from './attacked-host.js';
import { Attackers } from './attackers.js';
import { holdingsOf, type Holdings } from './holdings.js';
import { HonestGuests } from './honest-guests.js';
import type { HostileReport } from './hostile-report.js';
import { KindCounts } from './kind-counts.js';
import { observeLoads } from './page-loads.js';

const WAVES = 10;
/** Whoever waits for ever has found something, too. */
const LONGEST_MS = 110_000;

const [seed, operations] = [Number(process.argv[2]), Number(process.argv[3])];
setTimeout(() => {
  process.stderr.write('it does not come to an end\n');
  process.exit(3);
}, LONGEST_MS).unref();
observeLoads();
await using host = await AttackedHost.start();
const counts = new KindCounts();
const honest = await HonestGuests.start(host);
const attack = { host, honest, counts, seed, operations: operations / WAVES, waves: WAVES };
const attackers = operations > 0 ? await Attackers.start(attack) : undefined;
let digests: readonly string[] = [];
let early: Holdings | undefined;
for (let wave = 1; wave <= WAVES && host.findingsCount === 0; wave++) {
  [digests] = await Promise.all([honest.round(wave), attackers?.wave(wave)]);
  early ??= await holdingsOf(host);
}
const late = await holdingsOf(host);
const report: HostileReport = {
  seed,
  kinds: counts.table(),
  serviced: counts.serviced,
  digests,
  honestWrites: honest.writes(),
  hardwareWrites: host.hardwareWrites,
  findings: host.findings,
  early: early ?? late,
  late,
};
console.log(JSON.stringify(report));
