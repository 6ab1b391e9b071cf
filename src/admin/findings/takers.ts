/** Who has which function now: a guest by any tool stack's note, the pool, a driver of the host, or nobody. */
import type { FunctionSummary, HostDrivers, Machine } from '../../function/index.js';
import type { PciAddress } from '../../pci/index.js';
import type { Pool } from '../../pool/index.js';
import { parseDomainId, type DomainId } from '../../xen/domain.js';
import { homePath, type XenStore } from '../../xen/store/index.js';
import { XEN_HOLDER } from '../host-claims.js';
import { LibxlMemory } from '../libxl-memory.js';
import type { Taker } from './finding.js';

export interface TakersOptions {
  readonly machine: Pick<Machine, 'drivers'>;
  readonly pool: Pick<Pool, 'list'>;
  /** Absent where no Xen runs, or where it is not asked. */
  readonly store: XenStore | undefined;
}

const BRIDGE_CLASS = 0x06;

export class Takers {
  readonly #drivers: HostDrivers | undefined;
  readonly #pool: Pick<Pool, 'list'>;
  readonly #store: XenStore | undefined;
  readonly #libxl: LibxlMemory | undefined;

  constructor({ machine, pool, store }: TakersOptions) {
    this.#drivers = machine.drivers;
    this.#pool = pool;
    this.#store = store;
    this.#libxl = store === undefined ? undefined : new LibxlMemory(store);
  }

  /** Of each of the functions, by address; as they are now, one after the other. */
  async of(functions: readonly FunctionSummary[]): Promise<ReadonlyMap<number, Taker>> {
    const pool = new Map(this.#pool.list().map((member) => [member.address.sbdf, member]));
    const takers = new Map<number, Taker>();
    for (const summary of functions) {
      const { address } = summary;
      const member = pool.get(address.sbdf);
      const taken = member?.state === 'taken' ? member.taker : undefined;
      const taker =
        (await this.#taken(address, taken)) ??
        (member === undefined ? this.#unclaimed(summary) : { kind: 'pool' as const });
      takers.set(address.sbdf, taker);
    }
    return takers;
  }

  /** `pool` is the taker by the pool's own word; libxl's note holds also for guests that another back end serves. */
  async #taken(address: PciAddress, pool: string | undefined): Promise<Taker | undefined> {
    const noted = parseDomainId(await this.#libxl?.guest(address));
    const guest = noted ?? parseDomainId(pool?.replace(/^guest /, ''));
    if (guest !== undefined) return { kind: 'taken', by: await this.#nameOf(guest), guest };
    return pool === undefined ? undefined : { kind: 'taken', by: pool, guest: undefined };
  }

  async #nameOf(guest: DomainId): Promise<string> {
    const name = await this.#store?.read(`${homePath(guest)}/name`);
    return name === undefined ? `guest ${guest}` : `guest ${name} (${guest})`;
  }

  #unclaimed({ address, classCode, headerType }: FunctionSummary): Taker {
    const driver = this.#drivers?.binding(address).driver;
    // `xl pci-assignable-add` put it there, and it is in nobody's hands.
    if (driver === XEN_HOLDER) return { kind: 'pool' };
    // The host uses its bridges without a driver, too.
    const isBridge = headerType === 1 || classCode >>> 16 === BRIDGE_CLASS;
    return driver === undefined && !isBridge ? { kind: 'nobody' } : { kind: 'host', driver };
  }
}
