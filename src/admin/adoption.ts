/**
 * Functions that other tools have taken from the host (`xl`, driverctl, `vfio-pci.ids`): who has them, and how they join the
 * pool as they stand. Records alone are written: no driver is touched, and no guest notices.
 */
import type { Change } from '../change/index.js';
import { PROGRAM_HOLDERS, type FunctionSummary, type MachineWithDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import { XEN_HOLDER } from '../pciback/index.js';
import type { Pool, PoolChange } from '../pool/index.js';
import type { XenStore } from '../xen/store/index.js';
import { Takers } from './findings/takers.js';
import { LibxlMemory } from './libxl-memory.js';

/** A function that another tool has taken from the host. */
export interface Adopted {
  readonly address: PciAddress;
  readonly holder: string | undefined;
  /** Who had given it to the holder: `xl`, `driver_override`, or `ids` where neither left a trace. */
  readonly by: string;
  /** The driver that a release gives it to; undefined where nobody knows one. */
  readonly formerDriver: string | undefined;
  /** Who has it now, in words: he keeps it. */
  readonly takenBy: readonly string[];
}

/** Records alone are its steps. */
export interface PlannedAdoption extends Change {
  readonly functions: readonly Adopted[];
  readonly members: readonly PoolChange[];
}

export interface AdoptionOptions {
  readonly pool: Pool;
  readonly machine: MachineWithDrivers;
  /** Absent where no Xen runs. */
  readonly store: XenStore | undefined;
}

const HOLDERS: ReadonlySet<string | undefined> = new Set([XEN_HOLDER, ...Object.values(PROGRAM_HOLDERS)]);
const BRIDGE_CLASS = 0x06;

/** At {@link HostClaims.adoption}: what `openslot adopt` does. */
export class Adoption {
  readonly #pool: Pool;
  readonly #machine: AdoptionOptions['machine'];
  readonly #libxl: LibxlMemory | undefined;
  readonly #takers: Takers;

  constructor(options: AdoptionOptions) {
    this.#pool = options.pool;
    this.#machine = options.machine;
    this.#libxl = options.store === undefined ? undefined : new LibxlMemory(options.store);
    this.#takers = new Takers(options);
  }

  /** What would join the pool. Nothing is changed. */
  async plan(): Promise<PlannedAdoption> {
    const held = this.#machine
      .list()
      .filter(
        (summary) => HOLDERS.has(summary.driver) && !this.#pool.has(summary.address) && isDevice(summary),
      );
    const functions: Adopted[] = [];
    for (const summary of held) functions.push(await this.#look(summary));
    return this.#together('adopt', functions);
  }

  /** What would be left again to the tools it came from; what somebody has by our hand stays. */
  planLeaving(): PlannedAdoption {
    const members = this.#pool.planLeaving();
    const functions = members.map(({ record: { address, holder, adopted = '', formerDriver } }): Adopted => {
      return { address, holder, by: adopted, formerDriver, takenBy: [] };
    });
    return {
      what: nameOf('adopt --give-back', functions),
      functions,
      members,
      steps: members.flatMap(({ steps }) => steps),
    };
  }

  /** At once after its plan. @throws what a step met; everything is as before then. */
  async make({ what, members, functions }: PlannedAdoption): Promise<readonly Adopted[]> {
    if (members.length > 0) await this.#pool.change(what, members);
    return functions;
  }

  #together(command: string, functions: readonly Adopted[]): PlannedAdoption {
    const members = functions.map(({ address, by, formerDriver }) =>
      this.#pool.planAdoption(address, by, formerDriver),
    );
    const steps = members.flatMap((member) => member.steps);
    return { what: nameOf(command, functions), functions, members, steps };
  }

  async #look(summary: FunctionSummary): Promise<Adopted> {
    const { address, driver: holder } = summary;
    const remembered = holder === XEN_HOLDER ? await this.#libxl?.formerDriver(address) : undefined;
    const { override } = this.#machine.drivers.binding(address);
    const by = remembered !== undefined ? 'xl' : override === holder ? 'driver_override' : 'ids';
    const takenBy = [...(await this.#guestOf(summary)), ...this.#processesOf(address)];
    return { address, holder, by, formerDriver: remembered ?? this.#ownDriver(address), takenBy };
  }

  /** The kernel would give it to this one: it says that it knows the function, and is there. */
  #ownDriver(address: PciAddress): string | undefined {
    const { drivers } = this.#machine;
    const modules = this.#machine.hostFacts?.(address).modules ?? [];
    return modules.find((module) => !HOLDERS.has(module) && drivers.has(module));
  }

  async #guestOf(summary: FunctionSummary): Promise<string[]> {
    const taker = (await this.#takers.of([summary])).get(summary.address.sbdf);
    return taker?.kind === 'taken' ? [taker.by] : [];
  }

  #processesOf(address: PciAddress): string[] {
    const uses = this.#machine.hostUses?.(address) ?? [];
    const named = uses.flatMap((use) =>
      use.kind === 'open' ? [`${use.command} (process ${use.process})`] : [],
    );
    return [...new Set(named)];
  }
}

function nameOf(command: string, functions: readonly Adopted[]): string {
  return [command, ...functions.map(({ address }) => String(address))].join(' ');
}

function isDevice({ headerType, classCode }: FunctionSummary): boolean {
  return headerType === 0 && classCode >>> 16 !== BRIDGE_CLASS;
}
