/**
 * `node --expose-gc hostile-program.js SEED OPERATIONS`: two honest guests, and beside them attackers with so many
 * operations (0: none); says as JSON what became of all of them.
 */
import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectedHeap } from '../../bench/local/heap.js';
import type { PciAddress } from '../../src/pci/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import { Random } from '../xen/store/comparison/random.js';
import { messageNumber, type ConfigWrite } from './allowed-writes.js';
import { AttackedHost } from './attacked-host.js';
import type { HostileReport, Holdings } from './hostile-report.js';
import { KindCounts } from './kind-counts.js';
import { PageAttacker } from './page-attacker.js';
import { observeLoads } from './page-loads.js';
import { PairOperations } from './pair-operations.js';
import { RawFrontEnd } from './raw-front-end.js';
import { COMMAND, ModelFunction, RequestModel } from './request-model.js';

const WAVES = 10;
/** Operations of this thread's attacker between two turns of the event loop. */
const SLICE = 200;
const SETTLE_MS = 50;
const BETWEEN_LOOKS_MS = 2;
/** Whoever waits for ever has found something, too. */
const LONGEST_MS = 110_000;
/** Of all operations, so many are made by a guest with two processors, and so many by one that only raises events. */
const RACED = 0.03;
const STORMED = 0.05;
/** Of what is done around the page, in each wave of a million operations; of fewer, fewer, and one of each lie. */
const MOST = { lies: 10, deaths: 12, states: 300 };
const LIES = 5;

const HONEST = [
  ['calm', ['01:00.0']],
  ['steady', ['00:03.1', '00:03.3']],
] as const;
const OWN = ['00:06.0', '00:05.0', '02:00.0'] as const;
const [RACER, STORMER, BABBLER, MORTAL] = ['00:07.0', '00:0b.0', '00:0a.0', '00:09.0'] as const;
const LIAR = '00:08.0';

const [seed, operations] = [Number(process.argv[2]), Number(process.argv[3])];
setTimeout(() => {
  process.stderr.write('it does not come to an end\n');
  process.exit(3);
}, LONGEST_MS).unref();
observeLoads();
await using host = await AttackedHost.start();
const random = new Random(seed);
const counts = new KindCounts();
const honestWrites = new Map<string, Hash>();
const honestAddresses: readonly PciAddress[] = HONEST.flatMap(([, functions]) =>
  functions.map((text) => host.address(text)),
);
const messages = new Map<string, number | undefined>();
for (const address of honestAddresses) {
  const { config } = host.hardware(address);
  honestWrites.set(String(address), createHash('sha256'));
  messages.set(
    String(address),
    messageNumber((offset, width) => config.read(offset, width)),
  );
}
host.onHardwareWrite = (address, { offset, width, value }) => {
  const name = String(address);
  const shown = offset === messages.get(name) ? 'any' : String(value);
  honestWrites.get(name)?.update(`${offset} ${width} ${shown}\n`);
};
const honest = await Promise.all(
  HONEST.map(([name, functions]) => host.runWorker('honest', name, ['7'], functions)),
);

/** Allows a worker its next round, and waits for what came of it. */
async function round(guest: DomainId, number: number): Promise<string> {
  const data = `/local/domain/${guest}/data`;
  host.server.write(`${data}/round`, String(number));
  let done = '';
  // Without a bound of its own: how long it takes is the machine's affair.
  while (!done.startsWith(`${number} `) && host.findingsCount === 0) {
    await sleep(BETWEEN_LOOKS_MS);
    done = host.server.read(`${data}/done`) ?? '';
  }
  return done.slice(done.indexOf(' ') + 1);
}

/** Digests of the honest guests after a round, side by side. */
async function honestRound(number: number): Promise<readonly string[]> {
  return Promise.all(honest.map(({ domain }) => round(domain, number)));
}

/** What the engine has compiled is nobody's data, and is told apart. */
function heap(): { readonly heap: number; readonly code: number } {
  const all = collectedHeap();
  const code = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('code_'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
  return { heap: all - code, code };
}

async function holdings(): Promise<Holdings> {
  await sleep(SETTLE_MS);
  const { xen, server, platform, machine, pciback } = host;
  platform.assigned.length = 0;
  return {
    ...xen.usage,
    ...platform.open,
    mapped: platform.mapped.length,
    granted: platform.granted.size,
    tables: platform.protectedTables.size,
    backEnds: pciback.guests.length,
    connections: server.connections,
    watches: server.watches,
    // libxl leaves a directory for each function that it ever knew.
    nodes: [...server.nodes()].filter(({ path }) => !path.startsWith('/libxl/pci/')).length,
    events: machine.clock.pending,
    ...heap(),
  };
}

async function attackers() {
  const guest = await host.runHere('attacker');
  const front = new RawFrontEnd(guest.platform);
  host.platform.setExclusive(guest.domain.id);
  await front.follow();
  for (const text of OWN) await host.attach(guest.domain.id, text);
  const exported = host.pciback.guests.find((backend) => backend.guest === guest.domain.id)?.exports ?? [];
  const functions = exported.map(({ address, virtual }) => {
    const { config } = host.hardware(address);
    return {
      address,
      model: new ModelFunction(virtual.devfn, config.size, (at, width) => config.read(at, width)),
    };
  });
  const [first, ...others] = functions.map(({ model }) => model.devfn);
  if (first === undefined) throw new Error('the attacker has no function');
  const attacker = new PageAttacker({
    random,
    front,
    guest: guest.platform,
    platform: host.platform,
    model: new RequestModel(functions.map(({ model }) => model)),
    own: [first, ...others],
    foreign: honestAddresses.map(({ domain, bus, devfn }) => [domain, bus, devfn] as const),
    counts,
    onFinding: (finding) => {
      host.find(finding);
    },
  });
  host.causeOf = (guestId, address, write) => {
    if (guestId !== guest.domain.id) return 'request';
    const request = attacker.current;
    const own = functions.find((fn) => fn.address.equals(address));
    if (request === undefined || own === undefined || request.devfn !== own.model.devfn) return 'nothing';
    if (request.command === COMMAND.write)
      return touches(request.offset, request.size, write) ? 'write' : 'nothing';
    return request.command >= COMMAND.enableMsi && request.command <= COMMAND.disableMsix
      ? 'interrupts'
      : 'nothing';
  };
  const few = (most: number, least: number) => Math.max(least, Math.round((most * operations) / 1e6));
  const perWave = (share: number) => Math.ceil((operations * share) / WAVES);
  const racer = await host.runAlone(
    'attacks-page',
    'racer',
    ['races', String(seed), String(perWave(RACED))],
    RACER,
  );
  const stormer = await host.runAlone(
    'attacks-page',
    'stormer',
    ['storms', String(seed), String(perWave(STORMED))],
    STORMER,
  );
  const trespasser = await host.runHere('trespasser');
  const pairs = new PairOperations(host, random, counts, honest[0]?.domain ?? guest.domain.id);

  const attackPage = async () => {
    // What comes of events and of requests that were given up is not counted: until enough were serviced.
    const before = counts.serviced;
    while (counts.serviced - before < operations / WAVES) {
      for (let count = 0; count < SLICE; count++) attacker.attack();
      if (host.findingsCount > 0) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    attacker.calm();
  };
  const attackPairs = async () => {
    for (let count = 0; count < few(MOST.lies, LIES); count++) await pairs.lie(LIAR);
    for (let count = 0; count < few(MOST.deaths, 2); count++) await pairs.die(MORTAL);
    const pirqs = host.platform.mapped.map(({ pirq }) => pirq);
    const bases = honestAddresses.flatMap((address) =>
      host.hardware(address).regions.map((region) => region.address),
    );
    pairs.trespass(trespasser, [...pirqs, 0, 1, 16, 19, 256, 257, 65535], bases);
  };
  const worker = async (domain: DomainId, kind: string, wave: number, sent: number) => {
    const traffic = host.platform.traffic(domain);
    const before = { ...traffic };
    await round(domain, wave);
    const count = counts.of(kind);
    count.sent += sent;
    count.answered += traffic.answered - before.answered;
    count.refused += traffic.refused - before.refused;
    count.left += traffic.idle + traffic.unanswered - before.idle - before.unanswered;
  };
  return async (wave: number) => {
    await Promise.all([
      attackPage(),
      attackPairs(),
      pairs.babble(BABBLER, few(MOST.states, 30)),
      worker(racer, 'page rewritten by another processor', wave, perWave(RACED)),
      worker(stormer, 'events as fast as they go', wave, perWave(STORMED)),
    ]);
  };
}

function touches(offset: number, size: number, write: ConfigWrite): boolean {
  return write.offset < offset + size && offset < write.offset + write.width;
}

const attack = operations > 0 ? await attackers() : () => Promise.resolve();
let digests: readonly string[] = [];
let early: Holdings | undefined;
for (let wave = 1; wave <= WAVES && host.findingsCount === 0; wave++) {
  [digests] = await Promise.all([honestRound(wave), attack(wave)]);
  if (wave === 1) early = await holdings();
}
const late = await holdings();
const report: HostileReport = {
  seed,
  kinds: counts.table(),
  serviced: counts.serviced,
  digests,
  honestWrites: Object.fromEntries([...honestWrites].map(([address, hash]) => [address, hash.digest('hex')])),
  hardwareWrites: host.hardwareWrites,
  findings: host.findings,
  early: early ?? late,
  late,
};
console.log(JSON.stringify(report));
