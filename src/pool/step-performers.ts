/** Who makes the steps of claims and releases: over any host's drivers, each safe to repeat and to be stopped. */
import type { StepPerformer } from '../change/index.js';
import type { HostDrivers, Machine, MachineWithDrivers } from '../function/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import type { ClaimJournal } from './claim-journal.js';
import type { ClaimRecord } from './claim-record.js';
import {
  BIND,
  RECORD_CLAIM,
  ROUTE_INTERRUPT,
  SET_OVERRIDE,
  UNBIND,
  type Bind,
  type RecordClaim,
  type RouteInterrupt,
  type SetOverride,
  type Unbind,
} from './claim-steps.js';

export function poolPerformers(machine: MachineWithDrivers, journal: ClaimJournal): readonly StepPerformer[] {
  const { drivers } = machine;
  return [
    claimRecorder(journal),
    overrideSetter(drivers),
    unbinder(drivers),
    binder(drivers),
    interruptRouter(machine),
  ];
}

function addressOf({ subject }: { readonly subject: string }): PciAddress {
  return notations.hex.parse(subject);
}

function claimRecorder(journal: ClaimJournal): StepPerformer<RecordClaim> {
  const set = (step: RecordClaim, claim: ClaimRecord | undefined) => {
    const address = addressOf(step);
    if (claim !== undefined) journal.put(claim);
    else if (journal.records().some((record) => record.address.equals(address))) journal.remove(address);
  };
  return {
    kind: 'record_claim',
    shape: RECORD_CLAIM,
    describe: ({ subject, after }) => {
      if (after === undefined) return `forget that ${subject} was claimed`;
      const { formerDriver } = after;
      return `remember that ${subject} is claimed, and ${formerDriver === undefined ? 'had no driver' : `was driven by ${formerDriver}`}`;
    },
    describeUndo: ({ subject, before }) =>
      before === undefined ? 'forget it' : `remember again that ${subject} is claimed`,
    apply: (step) => {
      set(step, step.after);
    },
    undo: (step) => {
      set(step, step.before);
    },
  };
}

function overrideSetter(drivers: HostDrivers): StepPerformer<SetOverride> {
  const set = async (address: PciAddress, override: string | undefined) => {
    drivers.checkSettled?.(address);
    if (drivers.binding(address).override !== override) await drivers.setOverride(address, override);
  };
  return {
    kind: 'set_override',
    shape: SET_OVERRIDE,
    describe: ({ subject, after }) =>
      after === undefined ? `let any driver bind ${subject}` : `let only ${after} bind ${subject}`,
    describeUndo: ({ before }) =>
      before === undefined ? 'let any driver bind it' : `let only ${before} bind it`,
    apply: (step) => set(addressOf(step), step.after),
    undo: (step) => set(addressOf(step), step.before),
  };
}

function unbinder(drivers: HostDrivers): StepPerformer<Unbind> {
  return {
    kind: 'unbind',
    shape: UNBIND,
    describe: ({ subject, driver }) => `unbind ${subject} from ${driver}`,
    describeUndo: ({ driver }) => `bind it to ${driver} again`,
    apply: (step) => drivers.unbind(addressOf(step)),
    /** One that another tool has given to a driver meanwhile is left to it. */
    undo: async ({ driver, override, ...step }) => {
      const address = addressOf(step);
      drivers.checkSettled?.(address);
      const now = drivers.binding(address);
      if (now.driver !== undefined) return;
      // The steps before this one, undone after it, have named another driver as the only one.
      if (now.override !== override) await drivers.setOverride(address, override);
      await drivers.bind(address, driver);
    },
  };
}

function binder(drivers: HostDrivers): StepPerformer<Bind> {
  return {
    kind: 'bind',
    shape: BIND,
    describe: ({ subject, driver }) => `bind ${subject} to ${driver}`,
    describeUndo: ({ driver }) => `unbind it from ${driver}`,
    apply: (step) => drivers.bind(addressOf(step), step.driver),
    undo: async (step) => {
      const address = addressOf(step);
      drivers.checkSettled?.(address);
      if (drivers.binding(address).driver === step.driver) await drivers.unbind(address);
    },
  };
}

/**
 * A host finds out where a function's pin leads to when it is enabled for the first time, and a function that no driver
 * ever had was not: until then its line is firmware's, which on Xen is no GSI. A holder does this by itself.
 */
function interruptRouter(machine: Machine): StepPerformer<RouteInterrupt> {
  return {
    kind: 'route_interrupt',
    shape: ROUTE_INTERRUPT,
    describe: ({ subject }) => `enable ${subject} once and disable it, so that the host finds its interrupt`,
    describeUndo: () => undefined,
    apply: (step) => {
      using fn = machine.open(addressOf(step));
      fn.setEnabled(true);
      fn.setEnabled(false);
    },
    // It is disabled, as a function without a driver is; its driver enables it again.
    undo: () => undefined,
  };
}
