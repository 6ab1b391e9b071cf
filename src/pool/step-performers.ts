/** Who makes the steps of claims and releases: over any host's drivers, each safe to repeat and to be stopped. */
import type { StepPerformer } from '../change/index.js';
import type { HostDrivers, Machine } from '../function/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import { JournalUnreadableError, type ClaimJournal } from './claim-journal.js';
import { parseClaim, type ClaimData, type ClaimRecord } from './claim-record.js';
import type { Bind, RecordClaim, RouteInterrupt, SetOverride, Unbind } from './claim-steps.js';

export function poolPerformers(
  machine: Machine & { readonly drivers: HostDrivers },
  journal: ClaimJournal,
): readonly StepPerformer[] {
  const { drivers } = machine;
  return [
    new ClaimRecorder(journal),
    new OverrideSetter(drivers),
    new Unbinder(drivers),
    new Binder(drivers),
    new InterruptRouter(machine),
  ];
}

function addressOf({ subject }: { readonly subject: string }): PciAddress {
  return notations.hex.parse(subject);
}

class ClaimRecorder implements StepPerformer<RecordClaim> {
  readonly kind = 'record_claim';
  readonly #journal: ClaimJournal;

  constructor(journal: ClaimJournal) {
    this.#journal = journal;
  }

  describe({ subject, after }: RecordClaim): string {
    if (after === undefined) return `forget that ${subject} was claimed`;
    const { formerDriver } = recordOf(after);
    return `remember that ${subject} is claimed, and ${formerDriver === undefined ? 'had no driver' : `was driven by ${formerDriver}`}`;
  }

  describeUndo({ subject, before }: RecordClaim): string {
    return before === undefined ? 'forget it' : `remember again that ${subject} is claimed`;
  }

  apply(step: RecordClaim): void {
    this.#set(step, step.after);
  }

  undo(step: RecordClaim): void {
    this.#set(step, step.before);
  }

  #set(step: RecordClaim, claim: ClaimData | undefined): void {
    if (claim !== undefined) this.#journal.put(recordOf(claim));
    else {
      const address = addressOf(step);
      if (this.#journal.records().some((record) => record.address.equals(address)))
        this.#journal.remove(address);
    }
  }
}

function recordOf(claim: ClaimData): ClaimRecord {
  const record = parseClaim(claim);
  if (typeof record === 'string') throw new JournalUnreadableError('the record of a change', record);
  return record;
}

class OverrideSetter implements StepPerformer<SetOverride> {
  readonly kind = 'set_override';
  readonly #drivers: HostDrivers;

  constructor(drivers: HostDrivers) {
    this.#drivers = drivers;
  }

  describe({ subject, after }: SetOverride): string {
    return after === undefined ? `let any driver bind ${subject}` : `let only ${after} bind ${subject}`;
  }

  describeUndo({ before }: SetOverride): string {
    return before === undefined ? 'let any driver bind it' : `let only ${before} bind it`;
  }

  apply(step: SetOverride): Promise<void> {
    return this.#set(addressOf(step), step.after);
  }

  undo(step: SetOverride): Promise<void> {
    return this.#set(addressOf(step), step.before);
  }

  async #set(address: PciAddress, override: string | undefined): Promise<void> {
    this.#drivers.checkSettled?.(address);
    if (this.#drivers.binding(address).override !== override)
      await this.#drivers.setOverride(address, override);
  }
}

class Unbinder implements StepPerformer<Unbind> {
  readonly kind = 'unbind';
  readonly #drivers: HostDrivers;

  constructor(drivers: HostDrivers) {
    this.#drivers = drivers;
  }

  describe({ subject, driver }: Unbind): string {
    return `unbind ${subject} from ${driver}`;
  }

  describeUndo({ driver }: Unbind): string {
    return `bind it to ${driver} again`;
  }

  async apply(step: Unbind): Promise<void> {
    await this.#drivers.unbind(addressOf(step));
  }

  /** One that another tool has given to a driver meanwhile is left to it. */
  async undo({ driver, override, ...step }: Unbind): Promise<void> {
    const address = addressOf(step);
    this.#drivers.checkSettled?.(address);
    const now = this.#drivers.binding(address);
    if (now.driver !== undefined) return;
    // The steps before this one, undone after it, have named another driver as the only one.
    if (now.override !== override) await this.#drivers.setOverride(address, override);
    await this.#drivers.bind(address, driver);
  }
}

class Binder implements StepPerformer<Bind> {
  readonly kind = 'bind';
  readonly #drivers: HostDrivers;

  constructor(drivers: HostDrivers) {
    this.#drivers = drivers;
  }

  describe({ subject, driver }: Bind): string {
    return `bind ${subject} to ${driver}`;
  }

  describeUndo({ driver }: Bind): string {
    return `unbind it from ${driver}`;
  }

  async apply(step: Bind): Promise<void> {
    await this.#drivers.bind(addressOf(step), step.driver);
  }

  async undo(step: Bind): Promise<void> {
    const address = addressOf(step);
    this.#drivers.checkSettled?.(address);
    if (this.#drivers.binding(address).driver === step.driver) await this.#drivers.unbind(address);
  }
}

/**
 * A host finds out where a function's pin leads to when it is enabled for the first time, and a function that no driver
 * ever had was not: until then its line is firmware's, which on Xen is no GSI. A holder does this by itself.
 */
class InterruptRouter implements StepPerformer<RouteInterrupt> {
  readonly kind = 'route_interrupt';
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  describe({ subject }: RouteInterrupt): string {
    return `enable ${subject} once and disable it, so that the host finds its interrupt`;
  }

  describeUndo(): undefined {
    return undefined;
  }

  apply(step: RouteInterrupt): void {
    using fn = this.#machine.open(addressOf(step));
    fn.setEnabled(true);
    fn.setEnabled(false);
  }

  undo(): void {
    // It is disabled, as a function without a driver is; its driver enables it again.
  }
}
