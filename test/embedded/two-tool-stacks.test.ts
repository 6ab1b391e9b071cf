/** Two tool stacks and a user at once, on the same functions and guests: one taker at most, nothing lost, nobody waits for ever. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Attachments } from '../../src/admin/index.js';
import { LibxlMemory } from '../../src/admin/libxl-memory.js';
import { SimHost } from '../../src/machines/sim/host/sim-host.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { checkProperty } from '../kept-seeds.js';
import { TestHost } from './embedded.js';

const FUNCTIONS = ['01:00.0', '02:00.0'] as const;
const GUESTS = ['a', 'b'] as const;
const DRIVERS: Readonly<Record<string, string>> = { '01:00.0': 'edu', '02:00.0': 'nvme' };

/** What can be refused to somebody who comes at the same time as others. */
const REFUSALS = new Set([
  'FUNCTION_TAKEN',
  'FUNCTION_CHANGING',
  'FUNCTION_ALREADY_CLAIMED',
  'FUNCTION_NOT_CLAIMED',
  'FUNCTION_NOT_ATTACHED',
  'GUEST_UNKNOWN',
  'GUEST_GONE',
  'GUEST_SILENT',
  'BACK_END_SILENT',
  'PAIR_CLOSED',
  'PAIR_CHANGED',
  'EXPORT_REFUSED',
]);

const step = fc.record({
  what: fc.constantFrom(
    'attach',
    'attach',
    'seize',
    'seize',
    'detach',
    'detach',
    'force',
    'claim',
    'release',
    'destroy',
  ),
  fn: fc.constantFrom(...FUNCTIONS),
  guest: fc.constantFrom(...GUESTS),
  stack: fc.nat(1),
  after: fc.nat(12),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Play implements AsyncDisposable {
  readonly refused = new Map<string, number>();
  /** What came of each step, in the order in which they were done. */
  story: string[] = [];
  readonly #test: TestHost;
  readonly #stacks: readonly Attachments[];

  constructor(test: TestHost, second: Attachments) {
    this.#test = test;
    this.#stacks = [test.host.attachments, second];
  }

  static async start(): Promise<Play> {
    const test = await TestHost.start(undefined, { patience: 3000 });
    const { xen, machine, pool, claims } = test.host;
    const second = await Attachments.start({
      platform: xen.platform,
      machine,
      pool,
      claims,
      patience: 3000,
      onError: (doing, error) => {
        assert.fail(`${doing}: ${String(error)}`);
      },
    });
    return new Play(test, second);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stacks[1]?.[Symbol.asyncDispose]();
    await this.#test[Symbol.asyncDispose]();
  }

  /** Guests that are there, one whose front end answers and one that was never started. */
  async guests(): Promise<void> {
    const { host } = this.#test;
    for (const name of GUESTS)
      if (!host.guests.list().some((guest) => guest.name === name))
        await this.#test.run('nothing', [], { name, paused: name === 'b' });
  }

  async perform(one: Step): Promise<void> {
    await sleep(one.after);
    const { what, fn, guest, stack } = one;
    try {
      await this.#perform(one);
      this.story.push(`${what} ${fn} ${guest} by ${stack}: done`);
    } catch (error) {
      assert.ok(error instanceof OpenslotError, String(error));
      this.story.push(`${what} ${fn} ${guest} by ${stack}: ${error.code}`);
      assert.ok(REFUSALS.has(error.code), `${what}: ${error.code}: ${error.message}`);
      this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
    }
  }

  async #perform({ what, fn, guest, stack }: Step): Promise<unknown> {
    const { host } = this.#test;
    const attachments = this.#stacks[stack] ?? host.attachments;
    const address = this.#test.address(fn);
    switch (what) {
      case 'attach':
        return attachments.attach(guest, address);
      case 'seize':
        return attachments.attach(guest, notations.xlSpec.parse(`${fn},seize=1`));
      case 'detach':
        return attachments.detach(guest, address);
      case 'force':
        return attachments.detach(guest, address, { force: true });
      case 'claim':
        return host.claims.claim(address);
      case 'release':
        return host.claims.release(address);
      default:
        return host.guests.destroy(host.guests.find(guest).domain);
    }
  }

  /** Everybody who knows of a function tells the same of it. */
  async assertSound(): Promise<void> {
    const { host, machine } = this.#test;
    const iommu = machine.host instanceof SimHost ? machine.host.iommu : undefined;
    assert.ok(iommu !== undefined);
    const memory = new LibxlMemory(host.xen.platform.store);
    for (const text of FUNCTIONS) {
      const address = this.#test.address(text);
      const member = host.pool.list().find((one) => one.address.equals(address));
      const taker = member?.state === 'taken' ? member.taker : undefined;
      const context: string | undefined = iommu.contextOf(address)?.name;
      const expected = {
        driver: member === undefined ? DRIVERS[text] : 'pciback',
        context: member === undefined ? `program of ${address}` : taker,
        noted: taker?.replace('guest ', ''),
        listed: taker === undefined ? [] : [taker],
      };
      const listed = host.guests
        .list()
        .filter(({ domain }) =>
          [...host.store.nodes(`/local/domain/0/backend/pci/${domain}`)].some(
            ({ path, value }) => /\/dev-\d+$/.test(path) && value === String(address),
          ),
        )
        .map(({ domain }) => `guest ${domain}`);
      const seen: object = {
        driver: machine.drivers.binding(address).driver,
        context,
        noted: await memory.guest(address),
        listed,
      };
      assert.deepEqual(
        { fn: text, story: this.story, ...seen },
        { fn: text, story: this.story, ...expected },
      );
      assert.notEqual(member?.state, 'quarantined');
      assert.notEqual(member?.state, 'changing');
    }
  }

  /** Whoever has something loses it, and the host gets everything back. */
  async end(): Promise<void> {
    const { host } = this.#test;
    for (const { domain } of host.guests.list()) await host.guests.destroy(domain);
    await this.assertSound();
    for (const text of FUNCTIONS)
      if (this.#test.state(text) !== undefined) await host.claims.release(this.#test.address(text));
    await this.assertSound();
    const left = [...host.store.nodes()].map(({ path }) => path).filter((path) => /pci/.test(path));
    assert.deepEqual(left, []);
    assert.deepEqual(
      this.#test.events.filter(({ of }) => of === 'hypervisor' || of === 'tool stack'),
      [],
    );
  }
}

describe('two tool stacks at once', () => {
  test('leave every function to one, or to nobody', async (context) => {
    await using play = await Play.start();
    await checkProperty(
      'embedded: two tool stacks at once',
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
        play.story = [];
        await play.guests();
        await Promise.all(steps.map((one) => play.perform(one)));
        await play.assertSound();
        await play.end();
      }),
      { numRuns: 60, endOnFailure: true },
    );
    context.diagnostic([...play.refused].map(([code, count]) => `${code} ${count}`).join(', '));
  });
});
