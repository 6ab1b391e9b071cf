/** All who attack at once: one on this thread, two with processors of their own, and those who come and go. */
import type { DomainId } from '../../src/xen/domain.js';
import { Random } from '../xen/store/comparison/random.js';
import type { ConfigWrite } from './allowed-writes.js';
import type { AttackedHost, ThreadGuest } from './attacked-host.js';
import type { HonestGuests } from './honest-guests.js';
import type { KindCounts } from './kind-counts.js';
import { PageAttacker } from './page-attacker.js';
import { PairOperations } from './pair-operations.js';
import { RawFrontEnd } from './raw-front-end.js';
import { COMMAND, ModelFunction, RequestModel } from './request-model.js';

/** Operations of this thread's attacker between two turns of the event loop. */
const SLICE = 200;
/** For so many operations of this thread, a guest with two processors makes so many, and one raises so many events. */
const RACED = 0.03;
const STORMED = 0.05;
/** Around the page, in each wave of a million operations; of fewer, fewer, and one of each lie. */
const MOST = { lies: 10, deaths: 12, states: 300 };
const LEAST = { lies: 5, deaths: 2, states: 30 };

const OWN = ['00:06.0', '00:05.0', '02:00.0'] as const;
const [RACER, STORMER, BABBLER, MORTAL, LIAR] = [
  '00:07.0',
  '00:0b.0',
  '00:0a.0',
  '00:09.0',
  '00:08.0',
] as const;
/** Besides those that others have. */
const PIRQS = [0, 1, 16, 19, 256, 257, 65535];

export interface AttackOptions {
  readonly host: AttackedHost;
  readonly honest: HonestGuests;
  readonly counts: KindCounts;
  readonly seed: number;
  /** Of this thread's attacker in each wave, answered or refused. */
  readonly operations: number;
  readonly waves: number;
}

export class Attackers {
  readonly #options: AttackOptions;
  readonly #page: PageAttacker;
  readonly #pairs: PairOperations;
  readonly #trespasser: ThreadGuest;
  readonly #racer: DomainId;
  readonly #stormer: DomainId;

  private constructor(
    options: AttackOptions,
    parts: {
      readonly page: PageAttacker;
      readonly trespasser: ThreadGuest;
      readonly racer: DomainId;
      readonly stormer: DomainId;
    },
  ) {
    const { host, honest, counts, seed } = options;
    this.#options = options;
    this.#page = parts.page;
    this.#trespasser = parts.trespasser;
    this.#racer = parts.racer;
    this.#stormer = parts.stormer;
    const [other = parts.racer] = honest.domains;
    // Random numbers of its own: when its turn comes is the machine's affair, and must not change what the page sees.
    this.#pairs = new PairOperations(host, new Random(~seed), counts, other);
  }

  static async start(options: AttackOptions): Promise<Attackers> {
    const { host, seed } = options;
    const run = (what: string, name: string, share: number, fn: string) =>
      host.runAlone('attacks-page', name, [what, String(seed), String(perWave(options, share))], fn);
    return new Attackers(options, {
      page: await pageAttacker(options),
      racer: await run('races', 'racer', RACED, RACER),
      stormer: await run('storms', 'stormer', STORMED, STORMER),
      trespasser: await host.runHere('trespasser'),
    });
  }

  /** All of them at once, until each has done its share; at once over when anything was found. */
  async wave(number: number): Promise<void> {
    const { host } = this.#options;
    await Promise.all([
      this.#attackPage(),
      this.#attackPairs(),
      this.#pairs.babble(BABBLER, this.#few('states')),
      this.#worker(this.#racer, 'page rewritten by another processor', number, RACED),
      this.#worker(this.#stormer, 'events as fast as they go', number, STORMED),
    ]);
    const pirqs = host.platform.mapped.map(({ pirq }) => pirq);
    const bases = this.#options.honest.addresses.flatMap((address) =>
      host.hardware(address).regions.map((region) => region.address),
    );
    this.#pairs.trespass(this.#trespasser, [...pirqs, ...PIRQS], bases);
  }

  #few(what: keyof typeof MOST): number {
    const { operations, waves } = this.#options;
    return Math.max(LEAST[what], Math.round((MOST[what] * operations * waves) / 1e6));
  }

  async #attackPage(): Promise<void> {
    const { host, operations } = this.#options;
    const until = this.#page.serviced + operations;
    while (this.#page.serviced < until && host.findingsCount === 0) {
      for (let count = 0; count < SLICE; count++) this.#page.attack();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#page.calm();
  }

  async #attackPairs(): Promise<void> {
    for (let count = 0; count < this.#few('lies'); count++) await this.#pairs.lie(LIAR);
    for (let count = 0; count < this.#few('deaths'); count++) await this.#pairs.die(MORTAL);
  }

  async #worker(domain: DomainId, kind: string, number: number, share: number): Promise<void> {
    const { host, counts } = this.#options;
    const traffic = host.platform.traffic(domain);
    const before = { ...traffic };
    await host.round(domain, number);
    const count = counts.of(kind);
    count.sent += perWave(this.#options, share);
    count.answered += traffic.answered - before.answered;
    count.refused += traffic.refused - before.refused;
    count.left += traffic.idle + traffic.unanswered - before.idle - before.unanswered;
  }
}

function perWave({ operations }: AttackOptions, share: number): number {
  return Math.ceil(operations * share);
}

/** The attacker of this thread, whose one request at a time causes every write to its functions. */
async function pageAttacker({ host, honest, counts, seed }: AttackOptions): Promise<PageAttacker> {
  const guest = await host.runHere('attacker');
  const front = new RawFrontEnd(guest.platform);
  host.platform.setExclusive(guest.domain.id);
  await front.follow();
  for (const text of OWN) await host.attach(guest.domain.id, text);
  const exported = host.pciback.guests.find((backend) => backend.guest === guest.domain.id)?.exports ?? [];
  const models = new Map(
    exported.map(({ address, virtual }) => {
      const { config } = host.hardware(address);
      return [
        address.sbdf,
        new ModelFunction(virtual.devfn, config.size, (at, width) => config.read(at, width)),
      ];
    }),
  );
  const [first, ...others] = [...models.values()].map(({ devfn }) => devfn);
  if (first === undefined) throw new Error('the attacker has no function');
  const page = new PageAttacker({
    random: new Random(seed),
    front,
    guest: guest.platform,
    platform: host.platform,
    model: new RequestModel([...models.values()]),
    own: [first, ...others],
    foreign: honest.addresses.map(({ domain, bus, devfn }) => [domain, bus, devfn] as const),
    counts,
    onFinding: (finding) => {
      host.find(finding);
    },
  });
  host.causeOf = (served, address, write) => {
    if (served !== guest.domain.id) return 'request';
    const request = page.current;
    if (request === undefined || request.devfn !== models.get(address.sbdf)?.devfn) return 'nothing';
    if (request.command === COMMAND.write)
      return touches(request.offset, request.size, write) ? 'write' : 'nothing';
    const ofInterrupts = request.command >= COMMAND.enableMsi && request.command <= COMMAND.disableMsix;
    return ofInterrupts ? 'interrupts' : 'nothing';
  };
  return page;
}

function touches(offset: number, size: number, write: ConfigWrite): boolean {
  return write.offset < offset + size && offset < write.offset + write.width;
}
