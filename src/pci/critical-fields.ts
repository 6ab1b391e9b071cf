/** The fields of configuration space whose change cuts a function off, moves it, or takes a protection away, and why. */
import type { Field, Register, RegisterTable } from './registers.js';

/** Why a field is not changed without being asked for by name. */
export interface CriticalField {
  /** What happens, as the words of a refusal. */
  readonly why: string;
  /** Only the change to all zeros, or to anything else, is critical; every change where absent. */
  readonly change?: 'cleared' | 'set';
}

const MOVES = 'what stands behind it answers at another address, and nobody who knows the old one is told';
const ROUTES = 'the bridge routes other addresses, and what stands behind it is lost to its driver';
const BUSES = 'what stands behind the bridge gets other addresses, or none';
const MESSAGES = 'interrupts of the host’s driver are lost, or written to memory that is somebody else’s';
const APART = 'what an IOMMU group stands on is gone: functions may reach each other, and memory of others';
const TRANSLATES =
  'the function and the IOMMU must agree on it: what is under way is lost, or goes untranslated';
const VIRTUAL = 'the virtual functions come, go or move, whoever has them';
const KEPT = 'the card keeps what is written, beyond a reset and without power';

/** Registers of a bridge's windows, of PCI and of CardBus; each has one for its base and one for its limit. */
const WINDOWS = [
  'io_*',
  'io_*_upper',
  'memory_*',
  'prefetch_*',
  'prefetch_*_upper',
  'io_*0',
  'io_*1',
  'memory_*0',
  'memory_*1',
];

/** By name of table, register and field; without a field all fields of the register. */
const CRITICAL: ReadonlyMap<string, CriticalField> = new Map(
  Object.entries<CriticalField>({
    'header.command.io': {
      why: 'ports are not answered any more, behind a bridge those of every function',
      change: 'cleared',
    },
    'header.command.memory': {
      why: 'memory is not answered any more, behind a bridge that of every function',
      change: 'cleared',
    },
    'header.command.bus_master': {
      why: 'transfers that are under way are lost, behind a bridge those of every function',
      change: 'cleared',
    },
    ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((index) => [`header.bar${index}`, { why: MOVES }])),
    'header.rom.address': { why: MOVES },
    'header.primary_bus': { why: BUSES },
    'header.secondary_bus': { why: BUSES },
    'header.subordinate_bus': { why: BUSES },
    ...Object.fromEntries(
      WINDOWS.flatMap((window) =>
        ['base', 'limit'].map((end) => [`header.${window.replace('*', end)}`, { why: ROUTES }]),
      ),
    ),
    'header.bridge_control.secondary_reset': {
      why: 'every function behind the bridge is reset',
      change: 'set',
    },
    'header.bist.start': { why: 'the function answers nothing until its test is over', change: 'set' },
    'pm.pmcsr.state': {
      why: 'a function that sleeps answers nothing, and may have lost its registers when it wakes',
    },
    'vpd.address.flag': { why: KEPT, change: 'set' },
    'vpd.data': { why: KEPT },
    'msi.control.enable': { why: MESSAGES },
    'msi.control.multiple_enable': { why: MESSAGES },
    'msi.address': { why: MESSAGES },
    'msi.address_upper': { why: MESSAGES },
    'msi.data': { why: MESSAGES },
    'msix.control.enable': { why: MESSAGES },
    'af.control.flr': {
      why: 'the function is reset: its registers and what it was doing are lost',
      change: 'set',
    },
    'acs.control': { why: APART },
    'acs.egress': { why: APART },
    'ats.control': { why: TRANSLATES },
    'pasid.control': { why: TRANSLATES },
    'pri.control': { why: TRANSLATES },
    'sriov.control.enable': { why: VIRTUAL },
    'sriov.control.memory': { why: VIRTUAL },
    'sriov.control.ari': { why: VIRTUAL },
    'sriov.num_vfs': { why: VIRTUAL },
    'sriov.page': { why: VIRTUAL },
    'sriov.bar': { why: VIRTUAL },
    'rebar.control.size': { why: MOVES },
    'dpc.control.software_trigger': {
      why: 'the link goes down, and with it every function behind it',
      change: 'set',
    },
    'fpb.rid_control1': { why: ROUTES },
    'fpb.rid_control2': { why: ROUTES },
    'ht_msi.command.enable': { why: MESSAGES },
    'shpc.data': { why: 'the controller switches slots, and with them every function in them' },
    'cxl_device.control2.reset': { why: 'the device is reset, and its memory may be cleared', change: 'set' },
    'cxl_device.lock.locked': { why: 'nothing that it locks can be set again before a reset', change: 'set' },
    'pcie.devctl.flr': {
      why: 'the function is reset: its registers and what it was doing are lost',
      change: 'set',
    },
    'pcie.lnkctl.disable': { why: 'the link goes down, and with it every function behind it', change: 'set' },
    'pcie.sltctl.power_off': { why: 'the slot loses power, and with it every function in it', change: 'set' },
  }),
);

/** What a change of a field does, where that is more than its own setting; undefined for all others. */
export function criticalField(
  table: RegisterTable,
  register: Register,
  field: Field,
): CriticalField | undefined {
  const name = `${table.name}.${register.name}`;
  return CRITICAL.get(name) ?? (field.name === '' ? undefined : CRITICAL.get(`${name}.${field.name}`));
}

/** The dotted names that the rules are of: for the check that tables have them. */
export const criticalNames: readonly string[] = [...CRITICAL.keys()];
