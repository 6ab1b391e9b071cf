/** A host for tests whose serving process can be killed at any of its calls, and is started again at once. */
import { LocalHost } from '../xen/local-host.js';
import { Attachments, HostClaims } from '../../src/admin/index.js';
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
  /** What its tool stacks could not clear up. */
  readonly errors: unknown[] = [];
  readonly journal = new MemoryJournal();
  readonly records = new Map<DomainId, string>();
  /** Calls that each process has made. */
  readonly lives: Mortality[] = [];
  readonly #deaths: Death[];
  readonly #toolStack: boolean;
  #pciback: Pciback | undefined;
  #attachments: Attachments | undefined;
  #served: Pool | undefined;
  #ended = false;

  private constructor(shapes: readonly PlacedShape[], deaths: readonly Death[], toolStack: boolean) {
    super(shapes);
    this.#toolStack = toolStack;
    this.#deaths = [...deaths];
  }

  /**
   * The first process dies its first death, the next one the second; the last one lives. With `toolStack` each attaches
   * and detaches, too.
   */
  static async start(
    shapes: readonly PlacedShape[],
    deaths: readonly Death[],
    toolStack = false,
  ): Promise<MortalHost> {
    const host = new MortalHost(shapes, deaths, toolStack);
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

  /** The tool stack of the process that lives, once it has one. */
  async attachments(): Promise<Attachments> {
    await this.settled(() => this.#attachments !== undefined);
    if (this.#attachments === undefined) throw new Error('the process has died');
    return this.#attachments;
  }

  /** The process that lives dies at one of its next calls. */
  dieSoon(death: Death): void {
    this.lives.at(-1)?.dieSoon(death);
  }

  /** The process that lives does not die. */
  spare(): void {
    this.lives.at(-1)?.spare();
  }

  /** Kills the process that lives, at no call of its own. */
  killProcess(): void {
    this.lives.at(-1)?.kill();
  }

  /** It ends as it is told to, and leaves the guests alone; nobody serves them until {@link serveAgain}. */
  async leave(): Promise<void> {
    this.#ended = true;
    await this.#attachments?.[Symbol.asyncDispose]();
    await this.#pciback?.leave();
    this.killProcess();
  }

  serveAgain(): void {
    this.#ended = false;
    this.#serve();
  }

  #serve(): void {
    const mortality = new Mortality(this.#deaths.shift());
    this.lives.push(mortality);
    mortality.onDeath(() => {
      this.#pciback = undefined;
      this.#attachments = undefined;
      // Not inside the call at which it died.
      if (!this.#ended) setImmediate(() => (this.#ended ? undefined : this.#serve()));
    });
    void this.#process(mortality);
  }

  /** Never settles for a process that dies at its start. */
  async #process(mortality: Mortality): Promise<void> {
    const machine = mortalMachine(this.machine, mortality);
    const platform = new MortalPlatform(this.platform, mortality);
    const pool = new Pool(machine, mortalJournal(this.journal, mortality));
    this.#served = pool;
    const backEnds = await Pciback.start({
      platform,
      pool,
      holder: HOLDER,
      records: mortalRecords(this.records, mortality),
      onEvent: (event) => {
        if (!mortality.dead) this.events.push(event);
      },
    });
    if (mortality.dead) return;
    this.#pciback = backEnds;
    if (!this.#toolStack) return;
    const attachments = await Attachments.start({
      platform,
      machine,
      pool,
      claims: new HostClaims(pool, machine, platform),
      backEnds,
      patience: 30_000,
      onError: (_doing, error) => this.errors.push(error),
    });
    if (!mortality.dead) this.#attachments = attachments;
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
    await this.#attachments?.[Symbol.asyncDispose]();
    await this.#pciback?.[Symbol.asyncDispose]();
    this.killProcess();
    await super[Symbol.asyncDispose]();
  }
}
