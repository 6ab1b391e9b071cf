/** lspci's words for the DVSEC of CXL devices. */
import { cxlDevice, hexDigits } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';
import { flagOfBits, MORE, type CxlWriter } from './cxl-text.js';

/** Lengths of revision 1, and from revision 2 on. */
const SHORT = 0x38;
const LONG = 0x3c;

const control2 = registerIn(cxlDevice, 'control2');
const cap3 = registerIn(cxlDevice, 'cap3');

const FIRST: readonly Item[] = [
  '\t\tCXLCap:\t',
  flags(cxlDevice, 'cap', { Cache: 'cache', IO: 'io', Mem: 'mem', MemHWInit: 'mem_init' }),
  ' HDMCount ',
  shown(fieldIn(cxlDevice, 'cap.hdm_count'), String),
  ' ',
  flags(cxlDevice, 'cap', { Viral: 'viral' }),
  '\n\t\tCXLCtl:\t',
  flags(cxlDevice, 'control', { Cache: 'cache', IO: 'io', Mem: 'mem' }),
  ' CacheSFCov ',
  shown(fieldIn(cxlDevice, 'control.filter_coverage'), String),
  ' CacheSFGran ',
  shown(fieldIn(cxlDevice, 'control.filter_granularity'), String),
  ' ',
  flags(cxlDevice, 'control', { CacheClean: 'clean_eviction', Viral: 'viral' }),
  '\n\t\tCXLSta:\t',
  flags(cxlDevice, 'status', { Viral: 'viral' }),
  '\n\t\tCXLCtl2:\t',
  flagOfBits(control2, 1, 'DisableCaching'),
  ' ',
  flagOfBits(control2, 2, 'InitCacheWB&Inval'),
  ' ',
  flagOfBits(control2, 3, 'InitRst'),
  ' ',
  flagOfBits(control2, 4, 'RstMemClrEn'),
];
const HOT_RESET_STATE: readonly Item[] = [
  ' ',
  flagOfBits(control2, 5, 'DesiredVolatileHDMStateAfterHotReset'),
];

const MEGABYTE = 1 << 20;
const CACHE_UNITS = [0, 64 << 10, MEGABYTE];

function cacheSize(unit: number, size: number): string {
  const bytes = CACHE_UNITS[unit];
  if (unit === 0) return ' Not Reported';
  return bytes === undefined ? `: ${size} of unknown unit size (${unit})` : `: ${hexDigits(size * bytes, 8)}`;
}

const cacheUnit = fieldIn(cxlDevice, 'cap2.cache_unit');
const cacheUnits = fieldIn(cxlDevice, 'cap2.cache_size');
const SECOND: readonly Item[] = [
  '\n\t\tCXLSta2:\t',
  flags(cxlDevice, 'status2', {
    ResetComplete: 'reset_complete',
    ResetError: 'reset_error',
    PMComplete: 'pm_init',
  }),
  (view) => `\n\t\tCXLCap2:\tCache Size${cacheSize(cacheUnit(view), cacheUnits(view))}\n`,
];

// A number that the specification reserves is written as it is; lspci reads past the end of its list there.
const MEDIA = ['Volatile', 'Non-volatile', 'CDAT'];
const MEMORY_CLASSES = ['DRAM', 'Storage', 'CDAT'];
const INTERLEAVES = [0, 256, 4096, 512, 1024, 2048, 8192, 16384];

/** The two lines of range 1 or 2. */
function rangeLines(range: 1 | 2): Item {
  const of = (register: string) => fieldIn(cxlDevice, `range${range}_${register}`);
  const [sizeHigh, sizeLow] = [of('size_high'), of('size_low.size')];
  const baseHigh = of('base_high');
  const baseLow = registerIn(cxlDevice, `range${range}_base_low`);
  const about: readonly Item[] = [
    '\t\t\t',
    flags(cxlDevice, `range${range}_size_low`, { Valid: 'valid', Active: 'active' }),
    ' Type=',
    shown(of('size_low.media'), (value) => MEDIA[value] ?? String(value)),
    ' Class=',
    shown(of('size_low.class'), (value) => MEMORY_CLASSES[value] ?? String(value)),
    ' interleave=',
    shown(of('size_low.interleave'), (value) => String(INTERLEAVES[value] ?? value)),
    ' timeout=',
    shown(of('size_low.timeout'), (value) => `${4 ** value}s`),
    '\n',
  ];
  return (view) => {
    const base = (BigInt(baseHigh(view)) << 32n) | BigInt(baseLow(view));
    const size = (BigInt(sizeHigh(view)) << 32n) | BigInt(sizeLow(view) * 2 ** 28);
    const last = BigInt.asUintN(64, base + size - 1n);
    const where = `${hexDigits(base, 16)}-${hexDigits(last, 16)}`;
    return `\t\tRange${range}: ${where} [size=0x${size.toString(16)}]\n${joined(about, view)}`;
  };
}

const RANGES: readonly Item[] = [rangeLines(1), rangeLines(2)];

const THIRD: readonly Item[] = [
  '\t\tCXLCap3:\tDefaultVolatile HDM State After:\t',
  flagOfBits(cap3, 1, 'ColdReset'),
  ' ',
  flagOfBits(cap3, 2, 'WarmReset'),
  ' ',
  flagOfBits(cap3, 3, 'HotReset'),
  ' ',
  flagOfBits(cap3, 4, 'HotResetConfigurability'),
  '\n',
];

function lines(view: CapabilityView, revision: number, length: number): string {
  const isLater = revision >= 2;
  return (
    joined(FIRST, view) +
    (isLater ? joined(HOT_RESET_STATE, view) : '') +
    joined(SECOND, view) +
    joined(RANGES, view) +
    (isLater && length >= LONG ? joined(THIRD, view) : '') +
    (length > LONG ? MORE : '')
  );
}

export const cxlDeviceLines: CxlWriter = (view, { revision, length }) => {
  const title = '\t\tPCIe DVSEC for CXL Devices\n';
  return revision < 1 || length < SHORT ? title : title + lines(view, revision, length);
};
