/** The rows of flags of the headers: lspci's labels beside the model's fields. */
import { header1, headerCommon, type RegisterTable } from '../../pci/index.js';
import { fieldIn } from '../field-reader.js';
import type { CapabilityView } from './capability-view.js';
import { flags, joined, shown, type Item } from './items.js';

/** Speeds of DEVSEL#; the last is reserved. */
export const DEVSEL = ['fast', 'medium', 'slow', '??'] as const;

function row(...items: readonly Item[]): (header: CapabilityView) => string {
  return (header) => joined(items, header);
}

function devsel(table: RegisterTable, register: string): Item {
  return shown(fieldIn(table, `${register}.devsel`), (speed) => ` DEVSEL=${DEVSEL[speed] ?? ''} `);
}

export const controlRow = flags(headerCommon, 'command', {
  'I/O': 'io',
  Mem: 'memory',
  BusMaster: 'bus_master',
  SpecCycle: 'special_cycles',
  MemWINV: 'mwi',
  VGASnoop: 'vga_snoop',
  ParErr: 'parity',
  Stepping: 'stepping',
  SERR: 'serr',
  FastB2B: 'fast_b2b',
  DisINTx: 'intx_disable',
});

export const statusRow = row(
  flags(headerCommon, 'status', {
    Cap: 'capabilities',
    '66MHz': 'mhz66',
    UDF: 'udf',
    FastB2B: 'fast_b2b',
    ParErr: 'data_parity',
  }),
  devsel(headerCommon, 'status'),
  flags(headerCommon, 'status', {
    '>TAbort': 'sig_target_abort',
    '<TAbort': 'rcv_target_abort',
    '<MAbort': 'rcv_master_abort',
    '>SERR': 'sig_system_error',
    '<PERR': 'parity_error',
    INTx: 'intx',
  }),
);

export const secondaryStatusRow = row(
  flags(header1, 'secondary_status', { '66MHz': 'mhz66', FastB2B: 'fast_b2b', ParErr: 'data_parity' }),
  devsel(header1, 'secondary_status'),
  flags(header1, 'secondary_status', {
    '>TAbort': 'sig_target_abort',
    '<TAbort': 'rcv_target_abort',
    '<MAbort': 'rcv_master_abort',
    '<SERR': 'rcv_system_error',
    '<PERR': 'parity_error',
  }),
);

export const bridgeControlRow = flags(header1, 'bridge_control', {
  Parity: 'parity',
  SERR: 'serr',
  NoISA: 'isa',
  VGA: 'vga',
  VGA16: 'vga16',
  MAbort: 'master_abort',
  '>Reset': 'secondary_reset',
  FastB2B: 'fast_b2b',
});

export const discardTimerRow = flags(header1, 'bridge_control', {
  PriDiscTmr: 'primary_discard',
  SecDiscTmr: 'secondary_discard',
  DiscTmrStat: 'discard_status',
  DiscTmrSERREn: 'discard_serr',
});
