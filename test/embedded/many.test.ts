/** Random histories of many functions and guests: after each step the store, the guests, the pool, the grants and the IOMMU tell one story. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { GuestInfo } from '../../src/admin/index.js';
import { grantsOf, type Grants } from '../../src/admin/grants.js';
import { LibxlMemory } from '../../src/admin/libxl-memory.js';
import { SimHost } from '../../src/machines/sim/host/sim-host.js';
import { notations, OpenslotError, PciAddress, type XlSpec } from '../../src/pci/index.js';
import type { TopologyName } from '../../src/pciback/index.js';
import { checkProperty } from '../kept-seeds.js';
import { TestHost } from './embedded.js';

/** On three buses; 00:03 is one device of three functions. */
const FUNCTIONS = ['00:03.0', '00:03.1', '00:03.3', '00:04.0', '00:05.0', '01:00.0', '02:00.0'].map((text) =>
  notations.hex.parse(text),
);
const TARGETS = ['00:03.*', ...FUNCTIONS.map(String)];
const GUESTS = ['runs', 'paused', 'runs-too'] as const;

const guest = fc.constantFrom(...GUESTS);
/** Mostly what can be done at this point of the story, else anything. */
const which = (most: number) =>
  fc.array(fc.record({ apt: fc.integer({ min: 0, max: 5 }).map((n) => n > 0), number: fc.nat(99) }), {
    minLength: 1,
    maxLength: most,
  });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('attach' as const),
      guest,
      which: which(3),
      slot: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 5 }) },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('detach' as const), guest, which: which(2) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('destroy' as const), guest }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('unpause' as const), guest }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A function as a guest has it. */
interface Had {
  readonly address: PciAddress;
  /** As the tool stack asked for it. */
  readonly wantedDevfn: number | undefined;
  readonly place: PciAddress;
}

/** What a guest has by the story so far. */
class GuestModel {
  readonly info: GuestInfo;
  paused: boolean;
  has: readonly Had[] = [];
  roots: readonly string[] = [];

  constructor(info: GuestInfo) {
    this.info = info;
    this.paused = info.state === 'paused';
  }

  /** Root buses that were published stay, until the last function goes and the pair with it. */
  set(has: readonly Had[], topology: TopologyName): void {
    this.has = has;
    const now = has.map(({ place }) => notations.root.format(place));
    this.roots =
      has.length === 0 ? [] : topology === 'vpci' ? ['0000:00'] : [...new Set([...this.roots, ...now])];
  }
}

/** Where the next function goes; a code where it cannot. */
function placeFor(
  topology: TopologyName,
  has: readonly Had[],
  address: PciAddress,
  slot: number | undefined,
): PciAddress | string {
  if (topology === 'real')
    return slot === undefined || slot === address.device ? address : 'VIRTUAL_SLOT_FIXED';
  const siblings = has.filter((one) => one.address.sharesDevice(address)).map(({ place }) => place.device);
  const free = Array.from({ length: 32 }, (_, index) => index).find((index) =>
    has.every(({ place }) => place.device !== index),
  );
  const chosen = slot ?? (siblings.length > 0 ? Math.min(...siblings) : (free ?? 0));
  const inSlot = has.filter(({ place }) => place.device === chosen);
  return inSlot.some((one) => !one.address.sharesDevice(address))
    ? 'VIRTUAL_SLOT_TAKEN'
    : new PciAddress(0, 0, chosen, address.function);
}

const pick = (texts: readonly string[], number: number): string => texts[number % texts.length] ?? '';

const membersOf = ({ target }: XlSpec): readonly PciAddress[] =>
  target.kind === 'name'
    ? []
    : FUNCTIONS.filter((one) =>
        target.kind === 'device' ? one.sharesDevice(target.address) : one.equals(target.address),
      );

class Play implements AsyncDisposable {
  readonly codes = new Map<string, number>();
  readonly #test: TestHost;
  readonly #topology: TopologyName;
  readonly #guests = new Map<string, GuestModel>();
  readonly #grants = new Map<number, Grants>();
  #story: string[] = [];

  private constructor(host: TestHost, topology: TopologyName) {
    this.#test = host;
    this.#topology = topology;
    for (const address of FUNCTIONS) {
      using fn = host.machine.open(address);
      this.#grants.set(address.sbdf, grantsOf(fn));
    }
  }

  static async start(topology: TopologyName): Promise<Play> {
    const host = await TestHost.start(undefined, { topology, patience: 30_000 });
    for (const address of FUNCTIONS) await host.host.claims.claim(address);
    return new Play(host, topology);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#test[Symbol.asyncDispose]();
  }

  async perform(one: Step): Promise<void> {
    const model = this.#guests.get(one.guest) ?? (await this.#born(one.guest));
    const { attachments, guests } = this.#test.host;
    if (one.what === 'destroy') {
      await guests.destroy(model.info.domain);
      this.#guests.delete(one.guest);
      this.#story.push(`destroy ${one.guest}`);
      this.#test.assertGone(model.info, ...model.has.map(({ address }) => String(address)));
    } else if (one.what === 'unpause') {
      if (model.paused) await guests.unpause(model.info.domain);
      model.paused = false;
      this.#story.push(`unpause ${one.guest}`);
      if (model.has.length > 0) await this.#connected(model);
    } else {
      const slot = one.what === 'attach' && one.slot !== undefined ? `@${one.slot}` : '';
      const apt = one.what === 'attach' ? this.#free() : model.has.map(({ address }) => String(address));
      if (apt.length === 0 && one.which.every(({ apt: isApt }) => isApt)) return;
      const texts = one.which.map(({ apt: isApt, number }) =>
        pick(isApt && apt.length > 0 ? apt : TARGETS, number),
      );
      // Naming one twice is tried by chance, not most of the time.
      const chosen = one.which.every(({ apt: isApt }) => isApt) ? [...new Set(texts)] : texts;
      const specs = chosen.map((text) => notations.xlSpec.parse(`${text}${slot}`));
      const expected =
        one.what === 'attach' ? this.#afterAttach(model, specs) : this.#afterDetach(model, specs);
      const words = `${one.what} ${one.guest} ${specs.map((spec) => notations.xlSpec.format(spec)).join(' ')}`;
      const done = await (
        one.what === 'attach'
          ? attachments.attach(one.guest, specs)
          : attachments.detach(
              one.guest,
              specs.map(({ target }) => target),
            )
      ).then(
        ({ functions }) => functions.length,
        (error: unknown) => {
          assert.ok(error instanceof OpenslotError, `${words}: ${String(error)}`);
          return error.code;
        },
      );
      const [said, meant] = [
        typeof done === 'number' ? 'done' : done,
        typeof expected === 'string' ? expected : 'done',
      ];
      this.#story.push(`${words}: ${said}`);
      assert.equal(said, meant, this.#story.join('\n'));
      this.codes.set(said, (this.codes.get(said) ?? 0) + 1);
      if (typeof expected !== 'string') model.set(expected, this.#topology);
    }
    await this.assertSound();
  }

  async #born(name: string): Promise<GuestModel> {
    const model = new GuestModel(await this.#test.run('lists', [], { name, paused: name === 'paused' }));
    this.#guests.set(name, model);
    return model;
  }

  /** What nobody has; the device while nobody has any of it. */
  #free(): readonly string[] {
    const free = FUNCTIONS.filter((address) => this.#taker(address) === undefined);
    const parts = free.filter(({ device }) => device === 3);
    return [...free.map(String), ...(parts.length === 3 ? ['00:03.*'] : [])];
  }

  #taker(address: PciAddress): GuestModel | undefined {
    return [...this.#guests.values()].find(({ has }) => has.some((one) => one.address.equals(address)));
  }

  /** What the guest has then, or the code of the refusal. */
  #afterAttach(model: GuestModel, specs: readonly XlSpec[]): readonly Had[] | string {
    const picked = specs.flatMap((spec) => membersOf(spec).map((address) => ({ address, spec })));
    if (new Set(picked.map(({ address }) => address.sbdf)).size < picked.length)
      return 'FUNCTION_NAMED_TWICE';
    if (picked.some(({ address }) => this.#taker(address) !== undefined))
      return picked.length === 1 ? 'FUNCTION_TAKEN' : 'FUNCTIONS_REFUSED';
    const has = [...model.has];
    for (const { address, spec } of picked) {
      const slot = spec.virtualSlot;
      const place = placeFor(this.#topology, has, address, slot);
      if (typeof place === 'string') return place;
      const fn = spec.target.kind === 'device' ? address.function : 0;
      has.push({ address, place, wantedDevfn: slot === undefined ? undefined : (slot << 3) | fn });
    }
    return has;
  }

  #afterDetach(model: GuestModel, specs: readonly XlSpec[]): readonly Had[] | string {
    const leaving = new Set<PciAddress>();
    for (const spec of specs) {
      const meant = model.has.filter(({ address }) => membersOf(spec).some((one) => one.equals(address)));
      if (meant.length === 0) return 'FUNCTION_NOT_ATTACHED';
      for (const { address } of meant) leaving.add(address);
    }
    return model.has.filter(({ address }) => !leaving.has(address));
  }

  async #connected({ info }: GuestModel): Promise<void> {
    const front = `/local/domain/${info.domain}/device/pci/0/state`;
    const back = `/local/domain/0/backend/pci/${info.domain}/0/state`;
    const { store } = this.#test.host;
    await this.#test.until(
      `${info.name}, connected`,
      () => store.read(front) === '4' && store.read(back) === '4',
    );
  }

  async assertSound(): Promise<void> {
    const told = this.#story.join('\n');
    for (const model of this.#guests.values()) {
      assert.deepEqual(this.#keys(model), this.#keysByStory(model), told);
      if (!model.paused) await this.#assertSeen(model, told);
      assert.deepEqual(
        this.#records(model),
        addressesOf(model)
          .map((one) => notations.libxl.format(one))
          .sort(),
        told,
      );
      this.#assertPermitted(model, told);
    }
    const { host, machine } = this.#test;
    const memory = new LibxlMemory(host.xen.platform.store);
    assert.ok(machine.host instanceof SimHost);
    for (const address of FUNCTIONS) {
      const taker = this.#taker(address)?.info.domain;
      const member = host.pool.list().find((one) => one.address.equals(address));
      const context: string | undefined = machine.host.iommu.contextOf(address)?.name;
      assert.deepEqual(
        {
          address: String(address),
          pool: member?.state === 'taken' ? member.taker : member?.state,
          noted: await memory.guest(address),
          context,
        },
        {
          address: String(address),
          pool: taker === undefined ? 'free' : `guest ${taker}`,
          noted: taker === undefined ? undefined : String(taker),
          // Without one it is in quarantine: its DMA reaches nothing.
          context: taker === undefined ? undefined : `guest ${taker}`,
        },
        told,
      );
    }
  }

  /** Every key of the back end's directory, and the front end's state. */
  #keys({ info }: GuestModel): Record<string, string> {
    const { store } = this.#test.host;
    const back = `/local/domain/0/backend/pci/${info.domain}/0`;
    const keys: Record<string, string> = {};
    for (const { path, value } of store.nodes(back))
      if (path !== back) keys[path.slice(back.length + 1)] = value;
    const front = store.read(`/local/domain/${info.domain}/device/pci/0/state`);
    return front === undefined ? keys : { ...keys, front };
  }

  #keysByStory({ info, has, roots, paused }: GuestModel): Record<string, string> {
    if (has.length === 0) return {};
    const keys: Record<string, string> = {
      frontend: `/local/domain/${info.domain}/device/pci/0`,
      'frontend-id': String(info.domain),
      online: '1',
      domain: info.name,
      state: paused ? '3' : '4',
      front: paused ? '1' : '4',
      num_devs: String(has.length),
      root_num: String(roots.length),
    };
    for (const [index, root] of roots.entries()) keys[`root-${index}`] = root;
    for (const [index, { address, wantedDevfn, place }] of has.entries()) {
      keys[`key-${index}`] = keys[`dev-${index}`] = String(address);
      keys[`opts-${index}`] = 'msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict';
      keys[`state-${index}`] = '3';
      keys[`vdev-${index}`] = notations.vdev.format(place);
      if (wantedDevfn !== undefined) keys[`vdevfn-${index}`] = wantedDevfn.toString(16);
    }
    return keys;
  }

  /** The guest's own list, with what it reads of each function. */
  async #assertSeen({ info, has }: GuestModel, told: string): Promise<void> {
    const path = `/local/domain/${info.domain}/data/functions`;
    const expected = [...has]
      .sort((a, b) => a.place.sbdf - b.place.sbdf)
      .map(({ address, place }) => {
        using fn = this.#test.machine.open(address);
        return `${place}=${fn.config.read(0, 4).toString(16)}`;
      })
      .join(' ');
    await this.#test.until(
      `${info.name} sees ${this.#test.host.store.read(path) ?? 'nothing'} and not ${expected}\n${told}\n`,
      () => this.#test.host.store.read(path) === expected,
    );
  }

  #records({ info }: GuestModel): readonly string[] {
    return [...this.#test.host.store.nodes(`/libxl/${info.domain}/openslot`)]
      .map(({ path }) => path.split('/'))
      .filter((parts) => parts.length === 6)
      .map((parts) => parts[5] ?? '')
      .sort();
  }

  /** Frames and ports of all functions: what it has, and nothing of what it has not. */
  #assertPermitted(model: GuestModel, told: string): void {
    const domain = this.#test.host.xen.domain(model.info.domain);
    assert.ok(domain !== undefined, told);
    const granted = addressesOf(model).map((one) => this.#grants.get(one.sbdf));
    for (const kind of ['memory', 'ports'] as const) {
      const own = granted.flatMap((grants) => grants?.[kind] ?? []);
      for (const { first, count } of [...this.#grants.values()].flatMap((grants) => grants[kind])) {
        const allowed = own.some((run) => first >= run.first && first < run.first + run.count);
        for (const number of [first, first + count - 1])
          assert.equal(
            domain.ranges[kind].includes(number, 1),
            allowed,
            `${kind} ${number.toString(16)}\n${told}`,
          );
      }
    }
  }

  /** Everybody ends; nothing is left of what they had. */
  async end(): Promise<void> {
    for (const name of [...this.#guests.keys()].sort())
      await this.perform({ what: 'destroy', guest: name as 'runs' });
    const left = [...this.#test.host.store.nodes()]
      .map(({ path }) => path)
      .filter((path) => /backend\/pci|device\/pci|openslot|\/domid$/.test(path));
    assert.deepEqual(left, [], this.#story.join('\n'));
    const unexpected = this.#test.events.filter(
      ({ of }) => of === 'hypervisor' || of === 'tool stack' || of === 'IOMMU',
    );
    assert.deepEqual(unexpected, []);
    this.#story = [];
  }
}

const addressesOf = ({ has }: GuestModel): readonly PciAddress[] => has.map(({ address }) => address);

describe('many functions, guests and buses', () => {
  for (const topology of ['vpci', 'real'] as const) {
    test(`${topology}: everybody tells one story after each step, and nothing is left at the end`, async (context) => {
      await using play = await Play.start(topology);
      await checkProperty(
        `embedded: many, ${topology}`,
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
          for (const one of steps) await play.perform(one);
          await play.end();
        }),
        { numRuns: 12, endOnFailure: true },
      );
      context.diagnostic([...play.codes].map(([code, count]) => `${code} ${count}`).join(', '));
      assert.ok((play.codes.get('done') ?? 0) >= 10);
    });
  }
});
