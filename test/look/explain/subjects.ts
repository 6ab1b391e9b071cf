/** For each rule of `explain` a machine that shows it, with as little wrong as there can be; and one that is sound. */
import type { CapturedFunction, RegionInfo } from '../../../src/function/index.js';
import {
  aer,
  CapabilityId,
  ExtendedCapabilityId,
  header0,
  header1,
  pcie,
  pm,
} from '../../../src/pci/index.js';
import { madeFunction, madeSpace, type Values } from '../made-function.js';

const [ROOT_PORT, ENDPOINT] = [4, 0];
const MEMORY: RegionInfo = {
  index: 0,
  kind: 'memory',
  size: 0x4000,
  address: 0xfe000000n,
  prefetchable: false,
  wide: false,
};

/** What a function of a machine says otherwise than that of the sound one. */
interface Changes {
  readonly header?: Values;
  readonly pcie?: Values;
  readonly pm?: Values;
  readonly aer?: Values;
  readonly told?: Partial<CapturedFunction>;
  /** Whatever else is to be done to its bytes. */
  readonly break?: (config: Uint8Array) => Uint8Array;
}

const LINK = { 'lnkcap.max_speed': 3, 'lnkcap.max_width': 4, 'lnksta.speed': 3, 'lnksta.width': 4 };

/** 00:01.0, a root port with a slot, whose link runs at 8 GT/s x4. */
function port({ header = {}, pcie: express = {}, aer: errors = {}, told = {} }: Changes): CapturedFunction {
  const config = madeSpace({
    header: header1,
    values: {
      vendor: 0x8086,
      device: 0x1901,
      'class.base': 6,
      'class.subclass': 4,
      'type.layout': 1,
      'command.memory': 1,
      'command.bus_master': 1,
      secondary_bus: 1,
      subordinate_bus: 1,
      'memory_base.address': 0xfe0,
      'memory_limit.address': 0xfe0,
      'prefetch_base.address': 0xfff,
      'io_base.address': 0xf,
      ...header,
    },
    standard: [
      {
        id: CapabilityId.pcie,
        table: pcie,
        values: {
          'flags.version': 2,
          'flags.type': ROOT_PORT,
          'flags.slot': 1,
          'lnkcap.active_reporting': 1,
          'lnksta.active': 1,
          'sltsta.present': 1,
          'devctl.max_payload': 1,
          ...LINK,
          ...express,
        },
      },
    ],
    extended: [{ id: ExtendedCapabilityId.aer, table: aer, values: errors }],
  });
  return madeFunction('00:01.0', config, { iommuGroup: 1, ...told });
}

/** 01:00.0, an NVMe drive behind it, which can all that the port can. */
function drive(changes: Changes): CapturedFunction {
  const config = madeSpace({
    header: header0,
    values: {
      vendor: 0x144d,
      device: 0xa808,
      'class.base': 1,
      'class.subclass': 8,
      'command.memory': 1,
      'command.bus_master': 1,
      bar0: 0xfe000000,
      ...changes.header,
    },
    standard: [
      {
        id: CapabilityId.pm,
        table: pm,
        values: { 'pmc.version': 3, 'pmcsr.no_soft_reset': 1, ...changes.pm },
      },
      {
        id: CapabilityId.pcie,
        table: pcie,
        values: {
          'flags.version': 2,
          'flags.type': ENDPOINT,
          'devcap.flr': 1,
          'devctl.max_payload': 1,
          ...LINK,
          ...changes.pcie,
        },
      },
    ],
    extended: [{ id: ExtendedCapabilityId.aer, table: aer, values: changes.aer ?? {} }],
  });
  return madeFunction('01:00.0', changes.break?.(config) ?? config, {
    regions: [MEMORY],
    driver: 'nvme',
    iommuGroup: 2,
    resetMethods: ['flr', 'bus'],
    ...changes.told,
  });
}

const second = (told: Partial<CapturedFunction>) =>
  madeFunction('01:00.1', drive({}).config, { regions: [], resetMethods: ['flr'], ...told });

/** Nothing but the note of its resets is to be said of any of its functions. */
export const SOUND: readonly CapturedFunction[] = [port({}), drive({})];

/** By the rule's code: a machine, and which of its functions is explained. */
export const SUBJECTS: Readonly<
  Record<string, { readonly at: string; readonly functions: readonly CapturedFunction[] }>
> = {
  FUNCTION_SILENT: { at: '01:00.0', functions: [port({}), drive({ break: (config) => config.fill(0xff) })] },
  CONFIG_DAMAGED: {
    at: '01:00.0',
    // The second capability of the list leads back to the first.
    functions: [port({}), drive({ break: (config) => config.fill(0x40, 0x81, 0x82) })],
  },
  CONFIG_CUT_OFF: {
    at: '01:00.0',
    functions: [port({}), drive({ break: (config) => config.subarray(0, 256) })],
  },
  LINK_DOWN: {
    at: '00:01.0',
    functions: [port({ pcie: { 'lnksta.active': 0, 'lnksta.width': 0 } })],
  },
  LINK_LIMITED_BY_OTHER_END: {
    at: '01:00.0',
    functions: [port({}), drive({ pcie: { 'lnkcap.max_speed': 4 } })],
  },
  LINK_TARGET_LOWERED: {
    at: '01:00.0',
    functions: [
      port({ pcie: { 'lnkctl2.target_speed': 1, 'lnksta.speed': 1 } }),
      drive({ pcie: { 'lnksta.speed': 1 } }),
    ],
  },
  LINK_TRAINED_BELOW: {
    at: '01:00.0',
    functions: [
      port({ pcie: { 'lnksta.width': 1 }, aer: { 'correctable.receiver': 1 } }),
      drive({ pcie: { 'lnksta.width': 1 } }),
    ],
  },
  PAYLOAD_ABOVE_PORT: {
    at: '01:00.0',
    functions: [port({ pcie: { 'devctl.max_payload': 0 } }), drive({})],
  },
  BAR_UNASSIGNED: {
    at: '01:00.0',
    functions: [port({}), drive({ told: { regions: [{ ...MEMORY, address: 0n }] } })],
  },
  BAR_OUTSIDE_WINDOW: {
    at: '01:00.0',
    functions: [port({}), drive({ told: { regions: [{ ...MEMORY, address: 0xfd000000n }] } })],
  },
  BAR_OVERLAP: {
    at: '01:00.0',
    functions: [port({}), drive({}), second({ regions: [{ ...MEMORY, address: 0xfe002000n }] })],
  },
  BAR_DISABLED: { at: '01:00.0', functions: [port({}), drive({ header: { 'command.memory': 0 } })] },
  ERRORS_UNCORRECTABLE: {
    at: '01:00.0',
    functions: [port({}), drive({ aer: { 'uncorrectable.poisoned': 1 } })],
  },
  ERRORS_ON_BUS: { at: '01:00.0', functions: [port({}), drive({ header: { 'status.parity_error': 1 } })] },
  POWER_LOW: { at: '01:00.0', functions: [port({}), drive({ pm: { 'pmcsr.state': 3 } })] },
  BUS_MASTER_OFF: { at: '01:00.0', functions: [port({}), drive({ header: { 'command.bus_master': 0 } })] },
  ERRORS_CORRECTABLE: { at: '01:00.0', functions: [port({}), drive({ aer: { 'correctable.bad_tlp': 1 } })] },
  GROUP_SHARED: { at: '01:00.0', functions: [port({}), drive({}), second({ iommuGroup: 2 })] },
  RESET_NONE: {
    at: '01:00.0',
    functions: [port({}), drive({ pcie: { 'devcap.flr': 0 }, told: { resetMethods: [] } }), second({})],
  },
  RESET_METHODS: { at: '01:00.0', functions: SOUND },
};
