/** The rows of flags of the headers: lspci's labels beside the model's fields. */
import { header1, headerCommon } from '../../pci/index.js';
import { flagRow } from './flag-row.js';

/** Speeds of DEVSEL#; the last is reserved. */
export const DEVSEL = ['fast', 'medium', 'slow', '??'] as const;

export const controlRow = flagRow(headerCommon, 'command', [
  ['io', 'I/O'],
  ['memory', 'Mem'],
  ['bus_master', 'BusMaster'],
  ['special_cycles', 'SpecCycle'],
  ['mwi', 'MemWINV'],
  ['vga_snoop', 'VGASnoop'],
  ['parity', 'ParErr'],
  ['stepping', 'Stepping'],
  ['serr', 'SERR'],
  ['fast_b2b', 'FastB2B'],
  ['intx_disable', 'DisINTx'],
]);

export const statusRow = flagRow(headerCommon, 'status', [
  ['capabilities', 'Cap'],
  ['mhz66', '66MHz'],
  ['udf', 'UDF'],
  ['fast_b2b', 'FastB2B'],
  ['data_parity', 'ParErr'],
  ['devsel', 'DEVSEL=', DEVSEL],
  ['sig_target_abort', '>TAbort'],
  ['rcv_target_abort', '<TAbort'],
  ['rcv_master_abort', '<MAbort'],
  ['sig_system_error', '>SERR'],
  ['parity_error', '<PERR'],
  ['intx', 'INTx'],
]);

export const secondaryStatusRow = flagRow(header1, 'secondary_status', [
  ['mhz66', '66MHz'],
  ['fast_b2b', 'FastB2B'],
  ['data_parity', 'ParErr'],
  ['devsel', 'DEVSEL=', DEVSEL],
  ['sig_target_abort', '>TAbort'],
  ['rcv_target_abort', '<TAbort'],
  ['rcv_master_abort', '<MAbort'],
  ['rcv_system_error', '<SERR'],
  ['parity_error', '<PERR'],
]);

export const bridgeControlRow = flagRow(header1, 'bridge_control', [
  ['parity', 'Parity'],
  ['serr', 'SERR'],
  ['isa', 'NoISA'],
  ['vga', 'VGA'],
  ['vga16', 'VGA16'],
  ['master_abort', 'MAbort'],
  ['secondary_reset', '>Reset'],
  ['fast_b2b', 'FastB2B'],
]);

export const discardTimerRow = flagRow(header1, 'bridge_control', [
  ['primary_discard', 'PriDiscTmr'],
  ['secondary_discard', 'SecDiscTmr'],
  ['discard_status', 'DiscTmrStat'],
  ['discard_serr', 'DiscTmrSERREn'],
]);
