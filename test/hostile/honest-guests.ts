/** Two guests that do what they should, with what they see and what reaches their functions as digests. */
import { createHash, type Hash } from 'node:crypto';
import type { GuestInfo } from '../../src/admin/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import { messageNumber, type ConfigWrite } from './allowed-writes.js';
import type { AttackedHost } from './attacked-host.js';

/** One has edu, the other the timer and the copier of one device. */
const GUESTS = [
  ['calm', ['01:00.0']],
  ['steady', ['00:03.1', '00:03.3']],
] as const;
/** Always the same: what they do must not depend on the attackers' seed. */
const SEED = '7';

/** Writes to one of their functions, in their order. */
class WritesOf {
  readonly address: PciAddress;
  readonly #hash: Hash = createHash('sha256');
  readonly #messageNumber: number | undefined;

  constructor(host: AttackedHost, address: PciAddress) {
    const { config } = host.hardware(address);
    this.address = address;
    this.#messageNumber = messageNumber((offset, width) => config.read(offset, width));
  }

  add({ offset, width, value }: ConfigWrite): void {
    this.#hash.update(`${offset} ${width} ${offset === this.#messageNumber ? 'any' : value}\n`);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

export class HonestGuests {
  readonly #host: AttackedHost;
  readonly #writes: readonly WritesOf[];
  #guests: readonly GuestInfo[] = [];

  private constructor(host: AttackedHost) {
    this.#host = host;
    this.#writes = GUESTS.flatMap(([, functions]) =>
      functions.map((text) => new WritesOf(host, host.address(text))),
    );
    host.onHardwareWrite = (address, write) => {
      this.#writes.find((writes) => writes.address.equals(address))?.add(write);
    };
  }

  static async start(host: AttackedHost): Promise<HonestGuests> {
    const honest = new HonestGuests(host);
    honest.#guests = await Promise.all(
      GUESTS.map(([name, functions]) => host.runWorker('honest', name, [SEED], functions)),
    );
    return honest;
  }

  get domains(): readonly DomainId[] {
    return this.#guests.map(({ domain }) => domain);
  }

  get addresses(): readonly PciAddress[] {
    return this.#writes.map(({ address }) => address);
  }

  /** @returns digests of everything that each has seen so far. */
  round(number: number): Promise<readonly string[]> {
    return Promise.all(this.domains.map((domain) => this.#host.round(domain, number)));
  }

  /** By function: digest of every write that reached it. */
  writes(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#writes.map((writes) => [String(writes.address), writes.digest()]));
  }
}
