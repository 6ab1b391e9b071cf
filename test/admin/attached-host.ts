/** A host for the tests of attach and detach: machine, pool, back end and tool stack in one process, guests beside it. */
import assert from 'node:assert/strict';
import {
  Attachments,
  endDmaBeforeReset,
  FINDING_NAMES,
  HostClaims,
  type FindingName,
  type ToolStackOptions,
} from '../../src/admin/index.js';
import { grantsOf, type Grants } from '../../src/admin/grants.js';
import { notations, type PciAddress } from '../../src/pci/index.js';
import { domainId, type DomainId } from '../../src/xen/domain.js';
import { XenStoreClient } from '../../src/xen/store/index.js';
import type { PlacedShape } from '../function/simulated-host.js';
import type { FrontEnd } from '../pciback/front-end.js';
import { ServedHost } from '../pciback/served-host.js';
import { ObservedPlatform } from '../xen/observed-platform.js';
import { treeText } from '../xen/store/tree-text.js';
import { bearGuest } from '../xen/born-guest.js';
import { WriteTap } from './written.js';

export interface HostOptions {
  readonly shapes: readonly PlacedShape[];
  /** Claimed at the start; all when absent. */
  readonly claimed?: readonly PlacedShape[];
  /** False: nobody serves the guests. */
  readonly serving?: boolean;
  readonly patience?: number;
  readonly needsMachineFrames?: boolean;
  /** Findings that every attachment may have; all of them where absent: most tests ask something else. */
  readonly allowed?: readonly FindingName[];
}

export const spec = (text: string) => notations.xlSpec.parse(text);
export const target = (text: string) => spec(text).target;

export class AttachedHost extends ServedHost {
  /** The tool stack's view of the platform: what it grants is noted here. */
  readonly tools: ObservedPlatform;
  readonly claims: HostClaims;
  readonly written = new WriteTap();
  readonly errors: unknown[] = [];
  readonly #options: ToolStackOptions;
  /** All that functions of the machine have. */
  readonly #ranges: Pick<Grants, 'memory' | 'ports'>;
  #attachments: Attachments | undefined;

  private constructor({
    shapes,
    patience = 30_000,
    needsMachineFrames = false,
    allowed = FINDING_NAMES,
  }: HostOptions) {
    super(shapes);
    const client = new XenStoreClient(this.written.tap(this.server.connect({ domain: domainId(0) })));
    this.tools = new ObservedPlatform(this.xen.platform, client);
    this.tools.needsMachineFrames = needsMachineFrames;
    this.claims = new HostClaims(this.pool, this.machine, this.tools);
    const all = this.machine.list().map(({ address }) => {
      using fn = this.machine.open(address);
      return grantsOf(fn);
    });
    this.#ranges = { memory: all.flatMap(({ memory }) => memory), ports: all.flatMap(({ ports }) => ports) };
    this.#options = {
      platform: this.tools,
      machine: this.machine,
      pool: this.pool,
      claims: this.claims,
      patience,
      allowed,
      backEnds: this,
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

  protected override readonly beforeReset = (guest: DomainId, address: PciAddress) =>
    endDmaBeforeReset(this.tools, guest, address);

  get attachments(): Attachments {
    assert.ok(this.#attachments !== undefined);
    return this.#attachments;
  }

  /** The store, as everybody sees it. */
  get store() {
    return this.server;
  }

  /** A domain that does not run yet, with what libxl writes of it before its devices. */
  born(guest: number, { name = `guest${guest}`, type = 'pv' } = {}): void {
    this.domain(guest);
    bearGuest(this.store, guest, { name, type });
  }

  /** A guest whose front end connects whenever there is a pair, and takes hot changes. */
  async running(guest: number): Promise<FrontEnd> {
    this.born(guest);
    const front = this.front(guest);
    await front.follow();
    return front;
  }

  /** The domain is no more, and its tool stack has removed its own keys. */
  async dies(guest: number): Promise<void> {
    this.store.remove(`/local/domain/${guest}`);
    this.store.remove(`/libxl/${guest}`);
    await this.domain(guest).destroy();
  }

  /** What guests may reach by what the tool stack did; the hypervisor says the same of every frame and port. */
  granted(): readonly string[] {
    const { granted } = this.tools;
    for (const { id, ranges } of this.xen.domains) {
      for (const [what, runs, permitted] of [
        ['memory', this.#ranges.memory, ranges.memory],
        ['port', this.#ranges.ports, ranges.ports],
      ] as const) {
        for (const { first, count } of runs) {
          for (let number = first; number < first + count; number++) {
            const entry = `${id} ${what} ${number.toString(16)}`;
            assert.equal(permitted.includes(number, 1), granted.has(entry), entry);
          }
        }
      }
    }
    return [...granted].sort();
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

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#attachments?.[Symbol.asyncDispose]();
    await this.endServing();
    await this.tools[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}
