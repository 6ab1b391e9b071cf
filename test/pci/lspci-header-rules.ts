/** Which text of lspci says the same as which of our fields: header, PM, MSI and MSI-X. */
import { compact, decimal, flags, named, plain, rule } from './lspci-rule.js';
import type { Rule } from './lspci-rule.js';

const devsel = named({ fast: 'fast', medium: 'medium', slow: 'slow', reserved: '??' });
const status = {
  '66MHz': 'mhz66',
  FastB2B: 'fast_b2b',
  ParErr: 'data_parity',
  '<TAbort': 'rcv_target_abort',
};
const header: Rule[] = [
  rule('device', /: ([0-9a-f]{4}):[0-9a-f]{4}/, 'header.vendor', plain),
  rule('device', /: [0-9a-f]{4}:([0-9a-f]{4})/, 'header.device', plain),
  rule('device', /\(rev ([0-9a-f]{2})\)/, 'header.revision', plain),
  rule('device', /\(prog-if ([0-9a-f]{2})/, 'header.prog_if', plain),
  rule('device', /^\S+ ([0-9a-f]{2})/, 'header.class.base', plain),
  rule('device', /^\S+ [0-9a-f]{2}([0-9a-f]{2}):/, 'header.class.subclass', plain),
  ...flags('Control', 'header.command', {
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
  }),
  ...flags('Status', 'header.status', {
    ...status,
    Cap: 'capabilities',
    UDF: 'udf',
    '>TAbort': 'sig_target_abort',
    '<MAbort': 'rcv_master_abort',
    '>SERR': 'sig_system_error',
    '<PERR': 'parity_error',
    INTx: 'intx',
  }),
  rule('Status', /DEVSEL=(\S+)/, 'header.status.devsel', devsel),
  rule('Latency', /^(\d+)/, 'header.latency', decimal),
  rule('Latency', /\((\d+)ns min|^\d+ \(\d+ns max/, 'header.min_grant', decimal),
  rule('Latency', /(\d+)ns max/, 'header.max_latency', decimal),
  rule('Latency', /Cache Line Size: (\d+)/, 'header.cache_line', decimal),
  rule('Interrupt', /pin ([A-D])/, 'header.interrupt_pin', decimal),
  rule('Interrupt', /IRQ (\d+)/, 'header.interrupt_line', decimal),
  rule('BIST result', /^0([0-9a-f])/, 'header.bist.result', plain),
  rule('Subsystem', /^([0-9a-f]{4})/, 'header.subsystem_vendor', plain),
  rule('Subsystem', /^[0-9a-f]{4}:([0-9a-f]{4})/, 'header.subsystem', plain),
];

/** The shown half of a 64-bit window when its type says 64 bits, and whether lspci shows any. */
function prefetch(side: 'base' | 'limit'): Rule['expected'] {
  return (value, _field, all) => {
    const low = String(value).slice(2, side === 'limit' ? 5 : undefined) + (side === 'limit' ? 'fffff' : '');
    const wide = all.get('header.prefetch_base.type')?.value === '64 bits';
    const upper = String(all.get(`header.prefetch_${side}_upper`)?.value).slice(2);
    return wide ? upper + low : low;
  };
}

function ports(side: 'base' | 'limit'): Rule['expected'] {
  return (value, _field, all) => {
    const low = String(value).slice(2, side === 'limit' ? 3 : undefined) + (side === 'limit' ? 'fff' : '');
    const wide = all.get('header.io_base.type')?.value === '32 bits';
    const upper = String(all.get(`header.io_${side}_upper`)?.value).slice(2);
    return wide ? upper + low : low;
  };
}

const bridge: Rule[] = [
  rule('Bus', /primary=([0-9a-f]{2})/, 'header.primary_bus', plain),
  rule('Bus', /secondary=([0-9a-f]{2})/, 'header.secondary_bus', plain),
  rule('Bus', /subordinate=([0-9a-f]{2})/, 'header.subordinate_bus', plain),
  rule('Bus', /sec-latency=(\d+)/, 'header.secondary_latency', decimal),
  rule('I/O behind bridge', /^([0-9a-f]+)-/, 'header.io_base.address', ports('base')),
  rule('I/O behind bridge', /^[0-9a-f]+-([0-9a-f]+)/, 'header.io_limit.address', ports('limit')),
  rule('I/O behind bridge', /\[(\d+)-bit\]/, 'header.io_base.type', (value) => String(value).slice(0, 2)),
  rule('Memory behind bridge', /^([0-9a-f]+)-/, 'header.memory_base.address', plain),
  rule('Memory behind bridge', /-([0-9a-f]{3})fffff/, 'header.memory_limit.address', (v) =>
    String(v).slice(2, 5),
  ),
  rule(
    'Prefetchable memory behind bridge',
    /^([0-9a-f]+)-/,
    'header.prefetch_base.address',
    prefetch('base'),
  ),
  rule(
    'Prefetchable memory behind bridge',
    /-([0-9a-f]+)/,
    'header.prefetch_limit.address',
    prefetch('limit'),
  ),
  ...flags('Secondary status', 'header.secondary_status', {
    ...status,
    '>TAbort': 'sig_target_abort',
    '<MAbort': 'rcv_master_abort',
    '<SERR': 'rcv_system_error',
    '<PERR': 'parity_error',
  }),
  rule('Secondary status', /DEVSEL=(\S+)/, 'header.secondary_status.devsel', devsel),
  ...flags('BridgeCtl', 'header.bridge_control', {
    Parity: 'parity',
    SERR: 'serr',
    NoISA: 'isa',
    VGA: 'vga',
    VGA16: 'vga16',
    MAbort: 'master_abort',
    '>Reset': 'secondary_reset',
    FastB2B: 'fast_b2b',
    PriDiscTmr: 'primary_discard',
    SecDiscTmr: 'secondary_discard',
    DiscTmrStat: 'discard_status',
    DiscTmrSERREn: 'discard_serr',
  }),
];

const powerManagement: Rule[] = [
  rule('Power Management', /version (\d)/, 'pm.pmc.version', decimal),
  ...flags('Power Management.Flags', 'pm.pmc', {
    PMEClk: 'pme_clock',
    DSI: 'dsi',
    D1: 'd1',
    D2: 'd2',
  }),
  rule('Power Management.Flags', /AuxCurrent=(\d+mA)/, 'pm.pmc.aux_current', compact),
  ...['D0', 'D1', 'D2', 'D3hot', 'D3cold'].map((state) =>
    rule(
      'Power Management.Flags',
      new RegExp(`PME\\(.*${state}([+-])`),
      `pm.pmc.pme_${state.toLowerCase()}`,
      (value) => (value === true ? '+' : '-'),
    ),
  ),
  rule('Power Management.Status', /^(D\d)/, 'pm.pmcsr.state', (value) => String(value).slice(0, 2)),
  ...flags('Power Management.Status', 'pm.pmcsr', {
    NoSoftRst: 'no_soft_reset',
    'PME-Enable': 'pme_enable',
    PME: 'pme_status',
  }),
  rule('Power Management.Status', /DSel=(\d+)/, 'pm.pmcsr.data_select', decimal),
  rule('Power Management.Status', /DScale=(\d+)/, 'pm.pmcsr.data_scale', decimal),
  ...flags('Power Management.Bridge', 'pm.bridge', { PM: 'bpcc' }),
  // lspci prints the inverse: which of the two states, where we have the bit.
  rule('Power Management.Bridge', /B3([+-])/, 'pm.bridge.b2_b3', (value) => (value === true ? '-' : '+')),
];

const interrupts: Rule[] = [
  ...flags('MSI', 'msi.control', { Enable: 'enable', Maskable: 'maskable', '64bit': 'address64' }),
  rule('MSI', /Count=(\d+)/, 'msi.control.multiple_enable', decimal),
  rule('MSI', /Count=\d+\/(\d+)/, 'msi.control.multiple_capable', decimal),
  rule('MSI.Address', /^(?:[0-9a-f]{8})?([0-9a-f]{7})[0-9a-f] /, 'msi.address', (value) =>
    String(value).slice(2, 9),
  ),
  rule('MSI.Address', /^([0-9a-f]{8})[0-9a-f]{8} /, 'msi.address_upper', plain),
  rule('MSI.Address', /Data: ([0-9a-f]+)/, 'msi.data', plain),
  rule('MSI.Masking', /^([0-9a-f]+)/, 'msi.mask', plain),
  rule('MSI.Masking', /Pending: ([0-9a-f]+)/, 'msi.pending', plain),
  ...flags('MSI-X', 'msix.control', { Enable: 'enable', Masked: 'function_mask' }),
  rule('MSI-X', /Count=(\d+)/, 'msix.control.size', decimal),
  rule('MSI-X.Vector table', /BAR=(\d)/, 'msix.table.bar', decimal),
  rule('MSI-X.Vector table', /offset=([0-9a-f]+)/, 'msix.table.offset', plain),
  rule('MSI-X.PBA', /BAR=(\d)/, 'msix.pba.bar', decimal),
  rule('MSI-X.PBA', /offset=([0-9a-f]+)/, 'msix.pba.offset', plain),
];

export const headerRules: readonly Rule[] = [...header, ...bridge, ...powerManagement, ...interrupts];
