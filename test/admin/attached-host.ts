/** A host for the tests of attach and detach: machine, pool, back end and tool stack in one process, guests beside it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Attachments, HostClaims, type ToolStackOptions } from '../../src/admin/index.js';
import { describeEvent, Pciback, type PcibackEvent } from '../../src/pciback/index.js';
import { notations } from '../../src/pci/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import { domainId } from '../../src/xen/domain.js';
import { SimulatedHost, type PlacedShape } from '../function/simulated-host.js';
import { FrontEnd } from '../pciback/front-end.js';
import { MemoryPlatform } from '../xen/memory-platform.js';
import { permissions, treeText } from '../xen/store/tree-text.js';
import { WriteTap } from './written.js';

export interface HostOptions {
  readonly shapes: readonly PlacedShape[];
  /** Claimed at the start; all when absent. */
  readonly claimed?: readonly PlacedShape[];
  /** False: nobody serves the guests. */
  readonly serving?: boolean;
  readonly patience?: number;
  readonly needsMachineFrames?: boolean;
}

export const spec = (text: string) => notations.xlSpec.parse(text);
export const target = (text: string) => spec(text).target;

export class AttachedHost {
  readonly machine: SimulatedHost;
  /** The tool stack's view of the platform: what it grants is logged here. */
  readonly platform: MemoryPlatform;
  readonly pool: Pool;
  readonly claims: HostClaims;
  readonly written = new WriteTap();
  readonly events: PcibackEvent[] = [];
  readonly errors: unknown[] = [];
  readonly #backPlatform = new MemoryPlatform();
  readonly #options: ToolStackOptions;
  #pciback: Pciback | undefined;
  #attachments: Attachments | undefined;

  private constructor({ shapes, patience = 30_000, needsMachineFrames = false }: HostOptions) {
    this.machine = new SimulatedHost(...shapes);
    this.platform = new MemoryPlatform(this.#backPlatform.server, this.written.tap);
    this.platform.needsMachineFrames = needsMachineFrames;
    this.pool = new Pool(this.machine, new MemoryJournal());
    this.claims = new HostClaims(this.pool, this.machine.drivers, this.platform);
    this.#options = {
      platform: this.platform,
      machine: this.machine,
      pool: this.pool,
      claims: this.claims,
      patience,
      backEnds: { refusal: (guest, address) => this.#pciback?.refusal(guest, address) },
    };
  }

  static async start(options: HostOptions): Promise<AttachedHost> {
    const host = new AttachedHost(options);
    for (const { address } of options.claimed ?? options.shapes) await host.claims.claim(address);
    if (options.serving !== false) await host.serve();
    await host.restartToolStack();
    return host;
  }

  async restartToolStack(): Promise<void> {
    await this.#attachments?.[Symbol.asyncDispose]();
    this.#attachments = await Attachments.start({
      ...this.#options,
      onError: (_doing, error) => this.errors.push(error),
    });
  }

  async serve(): Promise<void> {
    this.#pciback = await Pciback.start({
      platform: this.#backPlatform,
      pool: this.pool,
      holder: 'pciback',
      onEvent: (event) => this.events.push(event),
    });
  }

  async endServing(): Promise<void> {
    await this.#pciback?.[Symbol.asyncDispose]();
    this.#pciback = undefined;
  }

  get attachments(): Attachments {
    assert.ok(this.#attachments !== undefined);
    return this.#attachments;
  }

  /** The store, as everybody sees it. */
  get store() {
    return this.#backPlatform.server;
  }

  /** What libxl writes of a domain before its devices; the guest's front end is not there yet. */
  born(guest: number, { name = `guest${guest}`, type = 'pv' } = {}): FrontEnd {
    const { store } = this;
    const uuid = `00000000-0000-4000-8000-${String(guest).padStart(12, '0')}`;
    store.introduce(domainId(guest));
    for (const [path, value, ...owners] of [
      [`/local/domain/${guest}`, '', 'n0', `r${guest}`],
      [`/local/domain/${guest}/name`, name],
      [`/local/domain/${guest}/vm`, `/vm/${uuid}`],
      [`/local/domain/${guest}/device`, ''],
      [`/local/domain/${guest}/device/suspend/event-channel`, ''],
      ['/local/domain/0/backend/console', ''],
      [`/libxl/${guest}`, '', 'n0'],
      [`/libxl/${guest}/type`, type],
    ] as const) {
      store.write(path, value);
      if (owners.length > 0) store.setPermissions(path, permissions(...owners));
    }
    return new FrontEnd(this.#backPlatform, guest);
  }

  /** A guest whose front end connects whenever there is a pair, and takes hot changes. */
  async running(guest: number): Promise<FrontEnd> {
    const front = this.born(guest);
    await front.follow();
    return front;
  }

  /** The domain is no more, and its tool stack has removed its own keys. */
  dies(guest: number): void {
    this.store.remove(`/local/domain/${guest}`);
    this.store.remove(`/libxl/${guest}`);
    this.store.release(domainId(guest));
  }

  states(): readonly string[] {
    return this.pool.list().map(({ address, state }) => `${address} ${state}`);
  }

  /** Lines of the store that speak of PCI and of what was granted; libxl's own empty directories of a function apart. */
  pciKeys(): readonly string[] {
    return treeText(this.store)
      .split('\n')
      .filter((line) => /\/pci\/\d|device\/pci|\/domid = |openslot/.test(line))
      .filter((line) => !/^\/libxl\/pci\/[-0-9a-f]+ = ""/.test(line));
  }

  async settled(condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 6000 && !condition(); tries++) await sleep(5);
    assert.ok(condition(), `not reached; events:\n${this.events.map(describeEvent).join('\n')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#attachments?.[Symbol.asyncDispose]();
    await this.endServing();
    await this.platform[Symbol.asyncDispose]();
    await this.#backPlatform[Symbol.asyncDispose]();
  }
}
