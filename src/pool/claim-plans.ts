/** What claims and releases come to on this host now: the steps, and the record of each function. Changes nothing. */
import type { MachineWithDrivers } from '../function/index.js';
import type { PciAddress } from '../pci/index.js';
import type { ClaimRecord } from './claim-record.js';
import { adoptionSteps, claimSteps, forgettingSteps, releaseSteps, type PoolChange } from './claim-steps.js';
import { AlreadyClaimedError, FunctionChangingError } from './errors.js';
import type { Member } from './member.js';
import { adopted, type Members } from './members.js';

export class ClaimPlans {
  readonly #machine: MachineWithDrivers;
  readonly #members: Members;

  constructor(machine: MachineWithDrivers, members: Members) {
    this.#machine = machine;
    this.#members = members;
  }

  /** @throws what {@link checkClaimable} throws. */
  claim(address: PciAddress, holder: string | undefined): PoolChange {
    this.checkClaimable(address);
    const binding = this.#machine.drivers.binding(address);
    const { driver, override } = binding;
    if (driver !== undefined && driver === holder) {
      const record = adopted(address, holder);
      return { record, steps: adoptionSteps(record) };
    }
    const abandoned = this.#members.knownAt(address)?.record;
    const record: ClaimRecord = {
      address,
      formerDriver: driver ?? abandoned?.formerDriver,
      formerOverride: abandoned === undefined ? override : abandoned.formerOverride,
      holder,
    };
    return { record, steps: claimSteps(record, binding, abandoned) };
  }

  /** @throws what {@link checkClaimable} throws. */
  adoption(address: PciAddress, by: string, formerDriver: string | undefined): PoolChange {
    this.checkClaimable(address);
    const holder = this.#machine.drivers.binding(address).driver;
    const record = { ...adopted(address, holder), formerDriver, adopted: by };
    return { record, steps: adoptionSteps(record) };
  }

  leaving(): readonly PoolChange[] {
    return this.#members
      .known()
      .filter(({ record, state }) => record.adopted !== undefined && state.state === 'free')
      .map(({ record }) => ({ record, steps: forgettingSteps(record) }));
  }

  /** @throws {NotClaimedError | FunctionTakenError | FunctionChangingError | NotAssignableError} */
  release(address: PciAddress, remembered: string | undefined, holder: string | undefined): PoolChange {
    const binding = this.#machine.drivers.binding(address);
    const isHeld =
      holder !== undefined && binding.driver === holder && this.#members.at(address) === undefined;
    if (isHeld) this.#members.checkAssignable(address);
    const kept = isHeld ? undefined : this.#members.getFree(address).record;
    const record = kept ?? adopted(address, holder);
    // Pulled out, or gone with a boot: there is nothing to give back, and nobody to give it to.
    if (!this.#members.isThere(address))
      return { record: { ...record, formerDriver: undefined }, steps: forgettingSteps(record) };
    const { formerDriver = remembered } = record;
    return { record: { ...record, formerDriver }, steps: releaseSteps(record, formerDriver, binding, kept) };
  }

  /** @throws {FunctionChangingError | AlreadyClaimedError | NotAssignableError} what a claim would be refused for at once. */
  checkClaimable(address: PciAddress): void {
    const member = this.#members.at(address);
    if (member?.state.state === 'changing') throw new FunctionChangingError(address);
    if (member !== undefined && !this.#isAbandoned(member))
      throw new AlreadyClaimedError(address, member.record.holder ?? 'having no driver');
    this.#members.checkAssignable(address);
  }

  /** Free, and without its holder: another tool, such as `xl pci-assignable-remove`, let go of it and bound nobody. */
  #isAbandoned({ record, state }: Member): boolean {
    const { address, holder } = record;
    return (
      state.state === 'free' &&
      holder !== undefined &&
      this.#machine.drivers.binding(address).driver === undefined
    );
  }
}
