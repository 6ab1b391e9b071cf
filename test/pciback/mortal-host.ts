/** A host for tests whose serving process can be killed at any of its calls, and is started again at once. */
import { LocalHost } from '../xen/local-host.js';
import { Pciback, type PcibackEvent } from '../../src/pciback/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import type { PlacedShape } from '../function/simulated-host.js';
import { until } from '../until.js';
import { FrontEnd } from './front-end.js';
import { MortalPlatform } from './mortal-platform.js';
import { mortalJournal, mortalMachine, mortalRecords, Mortality, type Death } from './mortality.js';

/** Driver that keeps the functions. */
const HOLDER = 'pciback';

export class MortalHost extends LocalHost {
  /** Of processes while they lived. */
  readonly events: PcibackEvent[] = [];
  readonly journal = new MemoryJournal();
  readonly records = new Map<DomainId, string>();
  /** Calls that each process has made. */
  readonly lives: Mortality[] = [];
  readonly #deaths: Death[];
  #pciback: Pciback | undefined;
  #served: Pool | undefined;
  #ended = false;

  private constructor(shapes: readonly PlacedShape[], deaths: readonly Death[]) {
    super(shapes);
    this.#deaths = [...deaths];
  }

  /** The first process dies its first death, the next one the second; the last one lives. */
  static async start(shapes: readonly PlacedShape[], deaths: readonly Death[]): Promise<MortalHost> {
    const host = new MortalHost(shapes, deaths);
    const claiming = new Pool(host.machine, host.journal);
    for (const { address } of shapes) await claiming.claim(address, HOLDER);
    host.#serve();
    return host;
  }

  get deaths(): number {
    return this.lives.filter(({ dead }) => dead).length;
  }

  /** What the living process makes of the pool. */
  states(): readonly string[] {
    return this.#served?.list().map(({ state }) => state) ?? [];
  }

  get guests(): number {
    return this.#pciback?.guests.length ?? NaN;
  }

  /** Kills the process that lives, at no call of its own. */
  kill(): void {
    this.lives.at(-1)?.kill();
  }

  /** It ends as it is told to, and leaves the guests alone. */
  async leave(): Promise<void> {
    await this.#pciback?.leave();
    this.kill();
  }

  #serve(): void {
    const mortality = new Mortality(this.#deaths.shift());
    this.lives.push(mortality);
    mortality.onDeath(() => {
      this.#pciback = undefined;
      // Not inside the call at which it died.
      if (!this.#ended) setImmediate(() => (this.#ended ? undefined : this.#serve()));
    });
    const pool = new Pool(mortalMachine(this.machine, mortality), mortalJournal(this.journal, mortality));
    this.#served = pool;
    void Pciback.start({
      platform: new MortalPlatform(this.platform, mortality),
      pool,
      holder: HOLDER,
      records: mortalRecords(this.records, mortality),
      onEvent: (event) => {
        if (!mortality.dead) this.events.push(event);
      },
    }).then((pciback) => {
      if (!mortality.dead) this.#pciback = pciback;
    });
  }

  /** A guest whose front end can wait for an answer that comes from a later process. */
  front(guest: number): FrontEnd {
    return new FrontEnd(this.platform, this.guestPlatform(guest));
  }

  async settled(condition: () => boolean): Promise<void> {
    await until(condition, () => `not reached; events: ${this.events.map(({ event }) => event).join(' ')}`);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#pciback?.[Symbol.asyncDispose]();
    this.kill();
    await super[Symbol.asyncDispose]();
  }
}
