/** Which text of lspci says the same as which field of ours: the rules of the differential test. */
import type { DecodedField } from '../../src/pci/index.js';

type Value = DecodedField['value'];
type Fields = ReadonlyMap<string, DecodedField>;

/** One thing that lspci prints and what we have for it. */
export interface Rule {
  /** Name of lspci's line. */
  readonly line: string;
  /** Finds the text; the first group is compared. */
  readonly pattern: RegExp;
  /** Our dotted name, for messages and counting. */
  readonly field: string;
  /** What lspci's group should be by our decoding; undefined skips (lspci says it differently for this value). */
  expected(value: Value, field: DecodedField, all: Fields): string | undefined;
}

function escaped(label: string): string {
  return label.replace(/[.*+?^${}()|[\]\\<>/]/g, '\\$&');
}

/** Rules for `Label+` and `Label-`. */
function flags(line: string, register: string, labels: Readonly<Record<string, string>>): Rule[] {
  return Object.entries(labels).map(([label, name]) => ({
    line,
    pattern: new RegExp(`(?:^|[\\s,(:])${escaped(label)}([+-])(?![A-Za-z])`),
    field: `${register}.${name}`,
    expected: (value) => (value === true ? '+' : '-'),
  }));
}

function rule(line: string, pattern: RegExp, field: string, expected: Rule['expected']): Rule {
  return { line, pattern, field, expected };
}

const decimal: Rule['expected'] = (value) => String(value);
/** Hexadecimal as lspci prints it, without a prefix. */
const plain: Rule['expected'] = (value) => String(value).slice(2);
const compact: Rule['expected'] = (value) => String(value).replaceAll(' ', '');
const named =
  (names: Readonly<Record<string, string>>): Rule['expected'] =>
  (value) =>
    names[String(value)];
/** lspci says "unknown" for a value that the specification does not name. */
const speed: Rule['expected'] = (value) =>
  typeof value === 'number'
    ? 'unknown'
    : value === '128 GT/s'
      ? undefined
      : value.toString().replace(' ', '');

/** Power limit and its scale stand in two fields; lspci prints the product. */
function watts(scale: string): Rule['expected'] {
  return (value, _field, all) => {
    const unit = Number.parseFloat(String(all.get(scale)?.value));
    // Later specifications give the top values of scale 0 another meaning.
    if (unit === 1 && Number(value) >= 0xf0) return undefined;
    // Three digits after the point at most, as C's %g would have it.
    return String(Number((Number(value) * unit).toPrecision(6)));
  };
}

const latency: Rule['expected'] = (value) => {
  if (value === 'no limit' || String(value).startsWith('>')) return 'unlimited';
  return `<${String(value)
    .replace(/^.* to |^< /, '')
    .replace(' ', '')}`;
};
const aspm = named({ none: 'not supported', L0s: 'L0s', L1: 'L1', 'L0s and L1': 'L0s L1' });
const aspmControl = named({
  none: 'Disabled',
  L0s: 'L0s Enabled',
  L1: 'L1 Enabled',
  'L0s and L1': 'L0s L1 Enabled',
});
const indicator = named({ reserved: 'Unknown', on: 'On', blink: 'Blink', off: 'Off' });
const devsel = named({ fast: 'fast', medium: 'medium', slow: 'slow', reserved: '??' });
const errors = {
  CorrErr: 'correctable',
  NonFatalErr: 'non_fatal',
  FatalErr: 'fatal',
  UnsupReq: 'unsupported',
};
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

const portTypes: Readonly<Record<string, string>> = {
  endpoint: 'Endpoint',
  'legacy endpoint': 'Legacy Endpoint',
  'root port': 'Root Port',
  'upstream port': 'Upstream Port',
  'downstream port': 'Downstream Port',
  'PCIe to PCI bridge': 'PCI-Express to PCI/PCI-X Bridge',
  'PCI to PCIe bridge': 'PCI/PCI-X to PCI-Express Bridge',
  'integrated endpoint': 'Root Complex Integrated Endpoint',
  'event collector': 'Root Complex Event Collector',
};

const express: Rule[] = [
  rule('Express', /\(v(\d+)\)/, 'pcie.flags.version', decimal),
  rule(
    'Express',
    /\(v\d+\) ([^(,]+?)(?: \(Slot|,)/,
    'pcie.flags.type',
    (v) => portTypes[String(v)] ?? `Unknown type ${v}`,
  ),
  rule('Express', /Slot([+-])/, 'pcie.flags.slot', (value) => (value === true ? '+' : '-')),
  rule('Express', /MSI ([0-9a-f]+)/, 'pcie.flags.interrupt_message', (v) =>
    Number(v).toString(16).padStart(2, '0'),
  ),
  rule('Express.DevCap', /MaxPayload (\d+)/, 'pcie.devcap.max_payload', decimal),
  rule('Express.DevCap', /PhantFunc (\d)/, 'pcie.devcap.phantom', (value) => String(2 ** Number(value) - 1)),
  rule('Express.DevCap', /L0s (\S+?),/, 'pcie.devcap.l0s_latency', latency),
  rule('Express.DevCap', /L1 (\S+)/, 'pcie.devcap.l1_latency', latency),
  ...flags('Express.DevCap', 'pcie.devcap', {
    ExtTag: 'ext_tag',
    AttnBtn: 'attention_button',
    AttnInd: 'attention_indicator',
    PwrInd: 'power_indicator',
    RBE: 'role_based_error',
    FLReset: 'flr',
  }),
  rule(
    'Express.DevCap',
    /SlotPowerLimit ([\d.]+)W/,
    'pcie.devcap.slot_power',
    watts('pcie.devcap.slot_power_scale'),
  ),
  ...flags('Express.DevCtl', 'pcie.devctl', {
    ...errors,
    RlxdOrd: 'relaxed_order',
    ExtTag: 'ext_tag',
    PhantFunc: 'phantom',
    AuxPwr: 'aux_power',
    NoSnoop: 'no_snoop',
    FLReset: 'flr',
    BrConfRtry: 'bridge_retry',
  }),
  rule('Express.DevCtl', /MaxPayload (\d+)/, 'pcie.devctl.max_payload', decimal),
  rule('Express.DevCtl', /MaxReadReq (\d+)/, 'pcie.devctl.max_read', decimal),
  ...flags('Express.DevSta', 'pcie.devsta', { ...errors, AuxPwr: 'aux_power', TransPend: 'pending' }),
];

const link: Rule[] = [
  rule('Express.LnkCap', /Port #(\d+)/, 'pcie.lnkcap.port', decimal),
  rule('Express.LnkCap', /Speed ([^, ]+)/, 'pcie.lnkcap.max_speed', speed),
  rule('Express.LnkCap', /Width x(\d+)/, 'pcie.lnkcap.max_width', decimal),
  rule('Express.LnkCap', /ASPM ([^,]+?)(?:,| Clock)/, 'pcie.lnkcap.aspm', aspm),
  rule('Express.LnkCap', /Latency L0s (\S+?)(?:,|\s)/, 'pcie.lnkcap.l0s_exit', latency),
  rule('Express.LnkCap', /Latency (?:L0s \S+ )?L1 (\S+)/, 'pcie.lnkcap.l1_exit', latency),
  ...flags('Express.LnkCap', 'pcie.lnkcap', {
    ClockPM: 'clock_pm',
    Surprise: 'surprise_down',
    LLActRep: 'active_reporting',
    BwNot: 'bandwidth_notify',
    ASPMOptComp: 'aspm_optional',
  }),
  rule('Express.LnkCtl', /ASPM ([^;]+);/, 'pcie.lnkctl.aspm', aspmControl),
  rule('Express.LnkCtl', /RCB (\d+ bytes)/, 'pcie.lnkctl.rcb', decimal),
  ...flags('Express.LnkCtl', 'pcie.lnkctl', {
    Disabled: 'disable',
    CommClk: 'common_clock',
    ExtSynch: 'ext_synch',
    ClockPM: 'clock_pm',
    AutWidDis: 'auto_width_disable',
    BWInt: 'bandwidth_interrupt',
    AutBWInt: 'auto_bandwidth_interrupt',
  }),
  rule('Express.LnkSta', /Speed ([^, ]+)/, 'pcie.lnksta.speed', speed),
  rule('Express.LnkSta', /Width x(\d+)/, 'pcie.lnksta.width', decimal),
  ...flags('Express.LnkSta', 'pcie.lnksta', {
    TrErr: 'training_error',
    Train: 'training',
    SlotClk: 'slot_clock',
    DLActive: 'active',
    BWMgmt: 'bandwidth_status',
    ABWMgmt: 'auto_bandwidth_status',
  }),
  ...flags('Express.LnkCap2', 'pcie.lnkcap2', {
    Crosslink: 'crosslink',
    Retimer: 'retimer',
    '2Retimers': 'retimer2',
    DRS: 'drs',
  }),
  // lspci reads 0 as the lowest speed.
  rule('Express.LnkCtl2', /Target Link Speed: ([^, ]+)/, 'pcie.lnkctl2.target_speed', (value, field) =>
    field.raw === 0 || field.raw === 7
      ? undefined
      : typeof value === 'number'
        ? 'Unknown'
        : String(value).replace(' ', ''),
  ),
  ...flags('Express.LnkCtl2', 'pcie.lnkctl2', {
    EnterCompliance: 'compliance',
    SpeedDis: 'auto_speed_disable',
    EnterModifiedCompliance: 'modified_compliance',
    ComplianceSOS: 'compliance_sos',
  }),
  rule('Express.LnkCtl2', /Selectable De-emphasis: (\S+)/, 'pcie.lnkctl2.deemphasis', compact),
  rule('Express.LnkSta2', /Current De-emphasis Level: ([^, ]+)/, 'pcie.lnksta2.deemphasis', compact),
  ...flags('Express.LnkSta2', 'pcie.lnksta2', {
    EqualizationComplete: 'equalization',
    EqualizationPhase1: 'equalization1',
    EqualizationPhase2: 'equalization2',
    EqualizationPhase3: 'equalization3',
    LinkEqualizationRequest: 'equalization_request',
    Retimer: 'retimer',
    '2Retimers': 'retimer2',
    DRS: 'drs_received',
  }),
  rule(
    'Express.LnkSta2',
    /CrosslinkRes: (unsupported|Upstream|Downstream|incomplete)/,
    'pcie.lnksta2.crosslink',
    named({
      'not supported': 'unsupported',
      'upstream port': 'Upstream',
      'downstream port': 'Downstream',
      'not complete': 'incomplete',
    }),
  ),
];

const slotAndRoot: Rule[] = [
  ...flags('Express.SltCap', 'pcie.sltcap', {
    AttnBtn: 'attention_button',
    PwrCtrl: 'power_controller',
    MRL: 'mrl_sensor',
    AttnInd: 'attention_indicator',
    PwrInd: 'power_indicator',
    HotPlug: 'hot_plug',
    Surprise: 'surprise',
    Interlock: 'interlock',
    NoCompl: 'no_command_completed',
  }),
  rule('Express.SltCap', /Slot #(\d+)/, 'pcie.sltcap.number', decimal),
  rule('Express.SltCap', /PowerLimit ([\d.]+)W/, 'pcie.sltcap.power', watts('pcie.sltcap.power_scale')),
  ...flags('Express.SltCtl', 'pcie.sltctl', {
    AttnBtn: 'attention_button',
    PwrFlt: 'power_fault',
    MRL: 'mrl_changed',
    PresDet: 'presence_changed',
    CmdCplt: 'command_completed',
    HPIrq: 'hot_plug_interrupt',
    LinkChg: 'link_changed',
    Power: 'power_off',
    Interlock: 'interlock',
  }),
  rule('Express.SltCtl', /AttnInd (\w+)/, 'pcie.sltctl.attention_indicator', indicator),
  rule('Express.SltCtl', /PwrInd (\w+)/, 'pcie.sltctl.power_indicator', indicator),
  ...flags('Express.SltSta', 'pcie.sltsta', {
    AttnBtn: 'attention_button',
    PowerFlt: 'power_fault',
    MRL: 'mrl_open',
    CmdCplt: 'command_completed',
    PresDet: 'present',
    Interlock: 'interlock',
    'Changed: MRL': 'mrl_changed',
    LinkState: 'link_changed',
  }),
  rule('Express.SltSta', /Changed:.* PresDet([+-])/, 'pcie.sltsta.presence_changed', (v) =>
    v === true ? '+' : '-',
  ),
  ...flags('Express.RootCtl', 'pcie.rootctl', {
    ErrCorrectable: 'correctable',
    'ErrNon-Fatal': 'non_fatal',
    ErrFatal: 'fatal',
    PMEIntEna: 'pme_interrupt',
    CRSVisible: 'crs_visible',
  }),
  ...flags('Express.RootCap', 'pcie.rootcap', { CRSVisible: 'crs_visible' }),
  rule('Express.RootSta', /ReqID ([0-9a-f]+)/, 'pcie.rootsta.pme_requester', plain),
  ...flags('Express.RootSta', 'pcie.rootsta', { PMEStatus: 'pme_status', PMEPending: 'pme_pending' }),
];

const device2: Rule[] = [
  rule('Express.DevCap2', /Timeout: (?:Range )?([^,]+),/, 'pcie.devcap2.timeout_ranges', (value) =>
    value === 'none' ? 'Not Supported' : typeof value === 'number' ? 'Unknown' : String(value),
  ),
  ...flags('Express.DevCap2', 'pcie.devcap2', {
    TimeoutDis: 'timeout_disable',
    NROPrPrP: 'no_ro_pr_pr',
    LTR: 'ltr',
    '10BitTagComp': 'tag10_completer',
    '10BitTagReq': 'tag10_requester',
    ExtFmt: 'ext_format',
    EETLPPrefix: 'end_end_prefix',
    EmergencyPowerReductionInit: 'emergency_power_init',
    FRS: 'frs',
    TPHComp: 'tph_completer',
    ExtTPHComp: 'ext_tph_completer',
    ARIFwd: 'ari_forwarding',
    Routing: 'atomic_routing',
    '32bit': 'atomic32',
    '64bit': 'atomic64',
    '128bitCAS': 'cas128',
  }),
  rule(
    'Express.DevCap2',
    /OBFF ([^,]+),/,
    'pcie.devcap2.obff',
    named({
      none: 'Not Supported',
      message: 'Via message',
      'WAKE#': 'Via WAKE#',
      'message and WAKE#': 'Via message/WAKE#',
    }),
  ),
  rule('Express.DevCap2', /MaxEETLPPrefixes (\d)/, 'pcie.devcap2.max_prefixes', decimal),
  rule(
    'Express.DevCap2',
    /EmergencyPowerReduction ([A-Z][A-Za-z ]+),/,
    'pcie.devcap2.emergency_power',
    named({
      none: 'Not Supported',
      'device specific': 'Dev Specific',
      'form factor or device specific': 'Form Factor Dev Specific',
      reserved: 'Reserved',
    }),
  ),
  rule('Express.DevCap2', /LN System CLS ([^,]+?) cache/, 'pcie.devcap2.ln_cls', (value) =>
    String(value).replace(' bytes', 'byte'),
  ),
  rule('Express.DevCtl2', /Timeout: ([^,]+),/, 'pcie.devctl2.timeout', (value) =>
    typeof value === 'number' ? 'Unknown' : String(value).replace(/(\d) (m?u?s)/g, '$1$2'),
  ),
  ...flags('Express.DevCtl2', 'pcie.devctl2', {
    TimeoutDis: 'timeout_disable',
    LTR: 'ltr',
    '10BitTagReq': 'tag10_requester',
    ARIFwd: 'ari_forwarding',
    ReqEn: 'atomic_requester',
    EgressBlck: 'atomic_egress_block',
  }),
  rule(
    'Express.DevCtl2',
    /OBFF ([^,]+),/,
    'pcie.devctl2.obff',
    named({
      off: 'Disabled',
      'message A': 'Via message A',
      'message B': 'Via message B',
      'WAKE#': 'Via WAKE#',
    }),
  ),
];

export const rules: readonly Rule[] = [
  ...header,
  ...bridge,
  ...powerManagement,
  ...interrupts,
  ...express,
  ...link,
  ...slotAndRoot,
  ...device2,
];

/** Lines of lspci that are there exactly when one of our registers is. */
export const presence: readonly (readonly [line: string, register: string])[] = [
  ['Express.LnkCap', 'pcie.lnkcap'],
  ['Express.LnkSta', 'pcie.lnksta'],
  ['Express.SltCap', 'pcie.sltcap'],
  ['Express.SltSta', 'pcie.sltsta'],
  ['Express.RootCtl', 'pcie.rootctl'],
  ['Express.RootSta', 'pcie.rootsta'],
  ['Express.DevCap2', 'pcie.devcap2'],
  ['MSI.Masking', 'msi.mask'],
];
