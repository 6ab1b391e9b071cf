/** Examines functions before they are given away: surveys the machine, asks who has what, and runs every check. */
import { neighboursOf, surveyMachine, type Machine, type Survey } from '../../function/index.js';
import { OpenslotError, type PciAddress } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';
import type { XenPlatform } from '../../xen/platform.js';
import { CHECKS } from './checks.js';
import type { MisnamedAt } from '../names/index.js';
import type { Finding, Taker } from './finding.js';
import { examineClaim } from './taking-checks.js';
import { Takers, type TakersOptions } from './takers.js';

export interface ExaminerOptions extends TakersOptions {
  readonly machine: Machine;
  /**
   * Whether an IOMMU stands between functions and memory, where the machine itself does not tell its groups; undefined
   * where nobody knows.
   */
  readonly translates: () => boolean | undefined;
  /** Absent where no names are kept. */
  readonly misnamed?: MisnamedAt | undefined;
}

/** To whom functions go, with what he has already. */
export interface Destination {
  readonly guest: DomainId | undefined;
  readonly has: readonly PciAddress[];
}

const NOBODY: Taker = { kind: 'nobody' };

/** At {@link EmbeddedHost.examiner}: what `openslot show` and `attach` tell of what a function shares. */
export class Examiner {
  readonly #machine: Machine;
  readonly #translates: ExaminerOptions['translates'];
  readonly #misnamed: ExaminerOptions['misnamed'];
  readonly #takers: Takers;

  constructor(options: ExaminerOptions) {
    this.#machine = options.machine;
    this.#translates = options.translates;
    this.#misnamed = options.misnamed;
    this.#takers = new Takers(options);
  }

  /** Findings of all the functions together, which go to one guest; a function that is not there has none. */
  async examine(functions: readonly PciAddress[], to: Destination): Promise<readonly Finding[]> {
    const survey = surveyMachine(this.#machine);
    const neighbours = functions.flatMap((address) => neighboursOf(survey, address) ?? []);
    const near = new Set(
      neighbours.flatMap(({ line, pages, group, device }) => [
        ...line,
        ...pages.map(({ other }) => other),
        ...group,
        ...device,
      ]),
    );
    const all = new Set([...neighbours.map(({ own }) => own), ...near]);
    const takers = await this.#takers.of([...all].map(({ summary }) => summary));
    const takerOf = (address: PciAddress) => takers.get(address.sbdf) ?? NOBODY;
    const together = new Set([...functions, ...to.has].map(({ sbdf }) => sbdf));
    const isTogether = (address: PciAddress) => {
      const taker = takerOf(address);
      const isTheirs = taker.kind === 'taken' && taker.guest !== undefined && taker.guest === to.guest;
      return together.has(address.sbdf) || isTheirs;
    };
    const untaken = functions.filter((address) => isWithTheHost(takerOf(address)));
    const misnamed = await this.#misnamed?.(untaken);
    const taken = examineClaim(untaken, { machine: this.#machine, misnamed });
    const shared = neighbours.flatMap((of) => {
      const translated = this.#isTranslated(survey, of.own.group);
      const observed = { neighbours: of, groups: survey.groups, translated, takerOf, isTogether };
      return CHECKS.flatMap((check) => check(observed) ?? []);
    });
    return [...taken, ...shared];
  }

  /** As {@link examine}, for a function where it is: beside what its taker has, if it has one. */
  async look(address: PciAddress): Promise<readonly Finding[]> {
    const summary = this.#machine.list().find((entry) => entry.address.equals(address));
    // A bridge is nobody's to give.
    if (summary === undefined || summary.headerType === 1) return [];
    const taker = (await this.#takers.of([summary])).get(address.sbdf);
    return this.examine([address], { guest: taker?.kind === 'taken' ? taker.guest : undefined, has: [] });
  }

  #isTranslated({ groups }: Survey, group: number | undefined): boolean | undefined {
    return groups === 'told' ? group !== undefined : this.#translates();
  }
}

/** Not claimed yet: what the host does with it ends when it is. */
function isWithTheHost({ kind }: Taker): boolean {
  return kind === 'host' || kind === 'nobody';
}

/** Of a host with a hypervisor, which knows whether there is an IOMMU. */
export function examinerOf({
  platform,
  machine,
  pool,
  misnamed,
}: Pick<ExaminerOptions, 'machine' | 'pool' | 'misnamed'> & { readonly platform: XenPlatform }): Examiner {
  const translates = () => {
    try {
      return platform.assignment.translates();
    } catch (error) {
      // A Xen whose calls are not known: it may have one, and `xl` will know.
      if (error instanceof OpenslotError) return undefined;
      throw error;
    }
  };
  return new Examiner({ machine, pool, store: platform.store, translates, misnamed });
}
