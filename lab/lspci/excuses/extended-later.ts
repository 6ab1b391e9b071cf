/** Excuses of the extended list from margining on: what older ones do not decode, and CXL's capabilities. */
import type { Excuse } from '../excuse.js';

const until = '3.9.0';

const undecoded: Readonly<Record<string, string>> = {
  margining: 'Lane Margining at the Receiver <?>',
  phy32: 'Extended Capability ID 0x2a',
  ide: 'Extended Capability ID 0x30',
};

/** Older ones do not say which of them it is. */
const titles: Readonly<Record<string, string>> = {
  cxl_device: 'PCIe DVSEC for CXL Devices',
  cxl_function_map: 'Non-CXL Function Map DVSEC',
  cxl_port: 'CXL Extensions DVSEC for Ports',
  cxl_gpf_port: 'GPF DVSEC for CXL Ports',
  cxl_gpf_device: 'GPF DVSEC for CXL Devices',
  cxl_flex_bus: 'PCIe DVSEC for Flex Bus Port',
  cxl_locator: 'Register Locator DVSEC',
  cxl_mld: 'MLD DVSEC',
};

const device: readonly Excuse[] = [
  { field: 'cxl_device.cap.mem_init', until, ours: 'MemHWInit{+}', older: 'Mem HW Init{1}' },
  {
    field: 'cxl_device.control',
    until,
    ours: 'CacheSFCov {d} CacheSFGran {d} CacheClean{+}',
    older: 'Cache SF Cov {1} Cache SF Gran {2} Cache Clean{3}',
  },
  {
    field: 'cxl_device.control2',
    until,
    ours: '\n\t\tCXLCtl2:\tDisableCaching{+} InitCacheWB&Inval{+} InitRst{+} RstMemClrEn{+}',
    older: '',
  },
  { field: 'cxl_device.cap2', until, ours: 'CXLCap2:\tCache Size', older: 'Cache Size' },
  {
    field: 'cxl_device.range1_size_low',
    until,
    ours: 'Range{d}: {x}-{x} [size=0x{x}]',
    older: 'Range{1}: {2}-{3}',
  },
];

const PROTOCOLS = 'Cache{+} IO{+} Mem{+}';
const TRAINING = 'SynHdrByp{+} DrftBuf{+}';
const FLITS = '68BFlit{+} MltLogDev{+}';

const flexBus: readonly Excuse[] = [
  {
    field: 'cxl_flex_bus.header1.length',
    until,
    ours: '\n\t\t<Wrong length for Revision {d}>',
    older: '',
  },
  { field: 'cxl_flex_bus.header1.length', until, ours: '\n\t\t<?>', older: '' },
  {
    field: 'cxl_flex_bus.header1.revision',
    until,
    after: 'Rev=0 Len={d}: CXL',
    ours:
      `\n\t\tFBCap:\t${PROTOCOLS} ${FLITS}` +
      `\n\t\tFBCtl:\t${PROTOCOLS} ${TRAINING} ${FLITS} RCD{+} Retimer1{+} Retimer2{+}` +
      `\n\t\tFBSta:\t${PROTOCOLS} ${TRAINING} ${FLITS}`,
    older: '\n\t\tRevision 0 not supported',
  },
];

/** Older ones take an object's error for what busy and the interrupt's status say. */
const objectError: readonly Excuse[] = [
  ['Busy- IntSta- Error{+}', 'Busy- IntSta- Error-'],
  ['Busy- IntSta+ Error{+}', 'Busy- IntSta+ Error+'],
  ['Busy+ IntSta{+} Error{+}', 'Busy+ IntSta{1} Error+'],
].map(([ours = '', older = '']): Excuse => ({ field: 'doe.status.error', until, ours, older }));

export const laterExtendedExcuses: readonly Excuse[] = [
  ...Object.entries(undecoded).map(([field, line]): Excuse => ({ field, until, undecoded: line })),
  ...Object.entries(titles).map(([field, title]): Excuse => ({
    field,
    until,
    ours: `\n\t\t${title}`,
    older: '',
  })),
  {
    field: 'doe.cap.message_number',
    until,
    ours: 'IntMsgNum {d}',
    older: 'Interrupt Message Number {1:03x}',
  },
  {
    field: 'cxl_test',
    until,
    ours: 'PCIe DVSEC for Test Capability <?>',
    older: 'Unknown ID 000a',
  },
  ...objectError,
  ...device,
  ...flexBus,
];
