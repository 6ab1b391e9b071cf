/** What a function's own state keeps from working, and what errors it has logged. */
import { CORRECTABLE_ERRORS, UNCORRECTABLE_ERRORS, type ErrorBit } from '../../pci/index.js';
import type { FunctionNode } from '../topology.js';
import { nameOf, namesOf, type Rule } from './rule.js';

const asleep: Rule = {
  code: 'POWER_LOW',
  weight: 'note',
  why: 'a function that is not in D0 answers nothing but configuration accesses',
  next: '',
  look({ node }) {
    const state = node.fields.field('pm.pmcsr.state');
    if (state === undefined || state.raw === 0) return [];
    return [
      {
        what: `it is in ${String(state.value)}`,
        next: `its driver, or power/control in sysfs, wakes it; by hand: openslot set ${nameOf(node)} pm.pmcsr.state=D0`,
        evidence: { state: String(state.value) },
      },
    ];
  },
};

const masterOff: Rule = {
  code: 'BUS_MASTER_OFF',
  weight: 'note',
  why: 'it can neither reach memory nor send interrupt messages; after an error, or a driver that stopped half-way, it stays so',
  next: '',
  look({ node }) {
    const { fn, fields } = node;
    const bridge = fields.raw('header.secondary_bus') !== undefined;
    if (fn.driver === undefined || bridge || fields.raw('header.command.bus_master') !== 0) return [];
    return [{ what: `bus mastering is off, and ${fn.driver} drives it`, evidence: { driver: fn.driver } }];
  },
};

function setBits({ fields }: FunctionNode, register: string, errors: readonly ErrorBit[]): string[] {
  return errors.filter(({ name }) => fields.isSet(`${register}.${name}`)).map(({ title }) => title);
}

const uncorrectable: Rule = {
  code: 'ERRORS_UNCORRECTABLE',
  weight: 'fault',
  why: 'the bits stay until somebody clears them: they may be old',
  next: 'clear them (a written 1 clears), and look again',
  look({ node }) {
    const errors = setBits(node, 'aer.uncorrectable', UNCORRECTABLE_ERRORS);
    return errors.length === 0 ? [] : [{ what: `it has logged: ${errors.join(', ')}`, evidence: { errors } }];
  },
};

const correctable: Rule = {
  code: 'ERRORS_CORRECTABLE',
  weight: 'note',
  why: 'hardware has dealt with them; many of them make a link slow, and come from a bad signal',
  next: 'clear them (a written 1 clears), and look again',
  look({ node }) {
    const errors = setBits(node, 'aer.correctable', CORRECTABLE_ERRORS);
    return errors.length === 0 ? [] : [{ what: `it has logged: ${errors.join(', ')}`, evidence: { errors } }];
  },
};

const ABORTS = ['data_parity', 'sig_target_abort', 'rcv_target_abort', 'sig_system_error', 'parity_error'];

const aborts: Rule = {
  code: 'ERRORS_ON_BUS',
  weight: 'note',
  why: 'the bits of Status stay until somebody clears them: they may be old',
  next: 'clear them (a written 1 clears), and look again',
  look({ node }) {
    const set = ABORTS.flatMap((name) => {
      const field = node.fields.field(`header.status.${name}`);
      return field?.raw === 1 ? [field.title] : [];
    });
    return set.length === 0
      ? []
      : [{ what: `its Status says: ${set.join(', ')}`, evidence: { errors: set } }];
  },
};

const groupShared: Rule = {
  code: 'GROUP_SHARED',
  weight: 'note',
  why: 'an IOMMU cannot tell them apart: they go to one owner, all of them',
  next: 'another slot, behind a port with access control (ACS), may have a group of its own',
  look({ node, topology }) {
    const { iommuGroup } = node.fn;
    if (iommuGroup === undefined) return [];
    const sharing = topology
      .inGroup(iommuGroup)
      // Bridges stand in the groups of those behind them, and master the bus for nobody else.
      .filter((each) => each !== node && each.below.length === 0);
    if (sharing.length === 0) return [];
    const others = namesOf(sharing);
    return [
      {
        what: `it is in IOMMU group ${iommuGroup} together with ${others.join(', ')}`,
        evidence: { group: iommuGroup, others },
      },
    ];
  },
};

export const stateRules: readonly Rule[] = [
  uncorrectable,
  aborts,
  asleep,
  masterOff,
  correctable,
  groupShared,
];
