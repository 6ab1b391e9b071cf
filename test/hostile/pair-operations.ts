/** Kinds of hostile acts around the page: lies about where it is, states in any order, and an end in any of them. */
import type { PcibackEvent } from '../../src/pciback/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import { frontendPath } from '../../src/xen/pciif/index.js';
import type { Random } from '../xen/store/comparison/random.js';
import { until } from '../until.js';
import type { AttackedHost, ThreadGuest } from './attacked-host.js';
import type { KindCounts } from './kind-counts.js';
import { RawFrontEnd } from './raw-front-end.js';

/** Where a guest may die: as soon as something is attached to it, or at one of the back end's states. */
const MOMENTS: readonly [number, ...number[]] = [0, 2, 3, 3, 4, 4];
/** Turns of the event loop after that. */
const MOST_TURNS = 12;
const STATES: readonly [string, ...string[]] = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
  '',
  'x',
  '-1',
];

export class PairOperations {
  readonly #host: AttackedHost;
  readonly #random: Random;
  readonly #counts: KindCounts;
  /** Another guest, of whom the attacker knows what it should not use. */
  readonly #other: DomainId;
  #number = 0;

  constructor(host: AttackedHost, random: Random, counts: KindCounts, other: DomainId) {
    this.#host = host;
    this.#random = random;
    this.#counts = counts;
    this.#other = other;
  }

  /** A guest that publishes a page or a port that is not its own to give; it must not be connected. */
  async lie(address: string): Promise<void> {
    const guest = await this.#guest('liar');
    const [kind, lies, isRefused] = this.#lie(guest);
    const count = this.#counts.of(kind);
    count.sent++;
    const heard = this.#listen(guest.domain.id);
    await new RawFrontEnd(guest.platform).follow(lies);
    const attached = this.#host.attach(guest.domain.id, address).catch(() => undefined);
    await until(
      () => heard.failed || heard.connected,
      () => `${kind}: the back end did nothing with ${JSON.stringify(lies)}`,
    );
    if (heard.connected && isRefused)
      this.#host.find(`${kind}: connected in spite of ${JSON.stringify(lies)}`);
    if (heard.failed) count.refused++;
    else count.answered++;
    await guest.end();
    await attached;
    heard.stop();
    await this.#host.pool.givenBack(this.#host.address(address));
  }

  /** A guest with a function that says states of all kinds, as fast as the store takes them. */
  async babble(address: string, times: number): Promise<void> {
    const guest = await this.#guest('babbler');
    await new RawFrontEnd(guest.platform).follow();
    await this.#host.attach(guest.domain.id, address);
    await this.#say(guest, times);
    await guest.end();
    await this.#host.pool.givenBack(this.#host.address(address));
  }

  async #say(guest: ThreadGuest, times: number): Promise<void> {
    const count = this.#counts.of('states in any order');
    const path = `${frontendPath(guest.domain.id)}/state`;
    for (let written = 0; written < times; written++) {
      count.sent++;
      await guest.platform.store.write(path, this.#random.pick(STATES)).then(
        () => count.answered++,
        () => count.refused++,
      );
    }
  }

  /** A guest that follows its pair, and is no more some turns after one of its states. */
  async die(address: string): Promise<void> {
    const count = this.#counts.of('death in any state');
    count.sent++;
    const guest = await this.#guest('mortal');
    const front = new RawFrontEnd(guest.platform);
    await front.follow();
    const heard = this.#listen(guest.domain.id);
    const attached = this.#host.attach(guest.domain.id, address).catch(() => undefined);
    const moment = this.#random.pick(MOMENTS);
    await until(
      () => heard.state >= moment,
      () => `the back end did not come to state ${moment}`,
    );
    const turns = this.#random.below(MOST_TURNS);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (heard.connected) count.answered++;
    else count.refused++;
    if (this.#random.oneIn(4)) await this.#say(guest, 3);
    await guest.end();
    await attached;
    heard.stop();
    await this.#host.pool.givenBack(this.#host.address(address));
  }

  async #guest(name: string): Promise<ThreadGuest> {
    return this.#host.runHere(`${name}-${++this.#number}`);
  }

  #lie(
    guest: ThreadGuest,
  ): readonly [kind: string, lies: Readonly<Record<string, string>>, isRefused: boolean] {
    const { platform } = guest;
    const random = this.#random;
    const numbers = [0, 1, 7, 9999, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000];
    const texts = ['', '-1', '0x8', 'eight', ' 8', '8 ', '1e3', '8'.repeat(200)];
    const wrong = () =>
      random.oneIn(2)
        ? String(numbers[random.below(numbers.length)])
        : (texts[random.below(texts.length)] ?? '');
    switch (this.#number % 5) {
      case 0:
        // Granted, and to somebody else.
        return [
          'foreign page reference',
          { 'pci-op-ref': String(platform.sharePage(this.#other).reference) },
          true,
        ];
      case 1:
        return ['foreign page reference', { 'pci-op-ref': wrong() }, true];
      case 2:
        return [
          'foreign event channel',
          { 'event-channel': String(platform.offerChannel(this.#other).port) },
          true,
        ];
      case 3:
        // 1 is the store's own.
        return ['foreign event channel', { 'event-channel': wrong() }, true];
      default:
        return ['foreign page reference', { magic: random.pick(['', '6', '77', '7\n', 'seven']) }, true];
    }
  }

  #listen(guest: DomainId) {
    const heard = { state: 0, failed: false, connected: false, stop: () => undefined as void };
    const listener = (event: PcibackEvent) => {
      if (event.guest !== guest) return;
      if (event.event === 'state') heard.state = event.state;
      if (event.event === 'failed') heard.failed = true;
      if (event.event === 'connected') heard.connected = true;
    };
    this.#host.listeners.add(listener);
    heard.stop = () => void this.#host.listeners.delete(listener);
    return heard;
  }

  /** Pirqs and ranges that others have, asked of the hypervisor. */
  trespass(guest: ThreadGuest, pirqs: readonly number[], bases: readonly bigint[]): void {
    const { platform, domain } = guest;
    const attempt = (kind: string, ask: () => { close(): void }) => {
      const count = this.#counts.of(kind);
      count.sent++;
      try {
        ask().close();
        this.#host.find(`${kind}: domain ${domain.id} was given what is another's`);
      } catch {
        count.refused++;
      }
    };
    for (const pirq of pirqs)
      attempt('pirq of another domain', () =>
        platform.pirqs.bind(pirq as Parameters<typeof platform.pirqs.bind>[0]),
      );
    for (const base of bases)
      attempt('range of another domain', () => platform.openRange('memory', base, 4096));
  }
}
