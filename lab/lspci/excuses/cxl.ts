/** Excuses of Compute Express Link's capabilities: older ones do not say which of them it is. */
import type { Excuse } from '../excuse.js';

const until = '3.9.0';

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

export const cxlExcuses: readonly Excuse[] = [
  ...Object.entries(titles).map(([field, title]): Excuse => ({
    field,
    until,
    ours: `\n\t\t${title}`,
    older: '',
  })),
  { field: 'cxl_test', until, ours: 'PCIe DVSEC for Test Capability <?>', older: 'Unknown ID 000a' },
  { field: 'cxl_device.cap.mem_init', until, ours: ' MemHWInit{+}', older: ' Mem HW Init{1}' },
  {
    field: 'cxl_device.control.filter_coverage',
    until,
    ours: ' CacheSFCov {d}',
    older: ' Cache SF Cov {1}',
  },
  {
    field: 'cxl_device.control.filter_granularity',
    until,
    ours: ' CacheSFGran {d}',
    older: ' Cache SF Gran {1}',
  },
  { field: 'cxl_device.control.clean_eviction', until, ours: ' CacheClean{+}', older: ' Cache Clean{1}' },
  {
    field: 'cxl_device.control2',
    until,
    ours: '\n\t\tCXLCtl2:\tDisableCaching{+} InitCacheWB&Inval{+} InitRst{+} RstMemClrEn{+}',
    older: '',
  },
  { field: 'cxl_device.cap2', until, ours: '\n\t\tCXLCap2:\t', older: '\n\t\t' },
  ...['Range1', 'Range2'].map((range, index): Excuse => ({
    field: `cxl_device.range${index + 1}_size_low`,
    until,
    after: `${range}: {x}-{x}`,
    ours: ' [size=0x{x}]',
    older: '',
  })),
  { field: 'cxl_flex_bus', until, ours: '\n\t\t<Wrong length for Revision 0>', older: '' },
  { field: 'cxl_flex_bus', until, ours: '\n\t\t<?>', older: '' },
  // Older ones decode no revision 0.
  {
    field: 'cxl_flex_bus',
    until,
    after: 'Rev=0 Len={d}: CXL',
    ours:
      '\n\t\tFBCap:\tCache{+} IO{+} Mem{+} 68BFlit{+} MltLogDev{+}' +
      '\n\t\tFBCtl:\tCache{+} IO{+} Mem{+} SynHdrByp{+} DrftBuf{+} 68BFlit{+} MltLogDev{+} RCD{+} Retimer1{+} Retimer2{+}' +
      '\n\t\tFBSta:\tCache{+} IO{+} Mem{+} SynHdrByp{+} DrftBuf{+} 68BFlit{+} MltLogDev{+}\n',
    older: '\n\t\tRevision 0 not supported\n',
  },
];
