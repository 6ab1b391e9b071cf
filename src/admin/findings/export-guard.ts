/** What the back end is told of a function before it exports it: nobody has asked when another tool stack gives it. */
import type { PciAddress } from '../../pci/index.js';
import type { DomainId } from '../../xen/domain.js';
import { refused } from './allowance.js';
import { AttachUnsafeError } from './errors.js';
import type { Examiner } from './examiner.js';
import type { FindingName } from './finding.js';
import { describeFinding, type FindingData } from './finding-text.js';

export interface ExportGuardOptions {
  /** Allowed for every function, whoever gives it. */
  readonly allowed: readonly FindingName[];
  /** Refuses what is unsafe and not allowed; else it is only told. */
  readonly refuses: boolean;
}

/** Asked by the back end ({@link PcibackOptions.examine}) before each export. */
export class ExportGuard {
  readonly #examiner: Examiner;
  readonly #options: ExportGuardOptions;
  /** What attachments that are under way have allowed, by function. */
  readonly #allowances = new Map<number, readonly FindingName[]>();

  constructor(examiner: Examiner, options: ExportGuardOptions) {
    this.#examiner = examiner;
    this.#options = options;
  }

  /** What an administrator allows for these functions, until it is disposed of. */
  allow(functions: readonly PciAddress[], names: readonly FindingName[]): Disposable {
    for (const { sbdf } of functions) this.#allowances.set(sbdf, names);
    return {
      [Symbol.dispose]: () => {
        for (const { sbdf } of functions)
          if (this.#allowances.get(sbdf) === names) this.#allowances.delete(sbdf);
      },
    };
  }

  /** What is unsafe about a function that a guest is about to get. @throws {AttachUnsafeError} */
  async examine(guest: DomainId, address: PciAddress): Promise<readonly FindingData[]> {
    const found = await this.#examiner.examine([address], { guest, has: [] });
    const unsafe = found.map(describeFinding).filter(({ severity }) => severity !== 'note');
    if (!this.#options.refuses) return unsafe;
    const allowed = [...this.#options.allowed, ...(this.#allowances.get(address.sbdf) ?? [])];
    const left = refused(unsafe, { allowed, evenIfCritical: [] });
    if (left.length > 0) throw new AttachUnsafeError({ id: guest }, String(address), left);
    return unsafe;
  }
}
