/** lspci's words for the device registers of PCI Express. */
import { pcie } from '../../../pci/index.js';
import { fieldIn } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flag, flags, joined, shown, type Item } from '../items.js';
import { PortType } from './express-types.js';
import { slotPower } from './slot-power.js';

export const L0S_LATENCIES = ['<64ns', '<128ns', '<256ns', '<512ns', '<1us', '<2us', '<4us', 'unlimited'];
export const L1_LATENCIES = ['<1us', '<2us', '<4us', '<8us', '<16us', '<32us', '<64us', 'unlimited'];

function oneOf(types: readonly number[]): (type: number) => boolean {
  const set = new Set(types);
  return (type) => set.has(type);
}

const { endpoint, legacyEndpoint, rootPort, upstream, downstream, toPci, integratedEndpoint } = PortType;

const hasLatency = oneOf([endpoint, legacyEndpoint]);
const hasButtons = oneOf([endpoint, legacyEndpoint, upstream, toPci]);
const hasReset = oneOf([endpoint, legacyEndpoint, integratedEndpoint]);
const hasPowerLimit = oneOf([endpoint, upstream, toPci]);

/** Lines whose pieces depend on the port type; each type's items are put together once. */
function byType(items: (type: number) => readonly (Item | false)[]): readonly (readonly Item[])[] {
  return Array.from({ length: 16 }, (_, type) => items(type).filter((item) => item !== false));
}

const powerValue = fieldIn(pcie, 'devcap.slot_power');
const powerScale = fieldIn(pcie, 'devcap.slot_power_scale');
const canReset = fieldIn(pcie, 'devcap.flr');
const RESET: readonly Item[] = [' ', flag(fieldIn(pcie, 'devctl.flr'), 'FLReset')];

function bytes(field: string, before: string, after: string): Item {
  return shown(fieldIn(pcie, field), (size) => `${before} ${128 << size} bytes${after}`);
}

const DEVICE = byType((type) => [
  bytes('devcap.max_payload', '\t\tDevCap:\tMaxPayload', ', '),
  shown(fieldIn(pcie, 'devcap.phantom'), (bits) => `PhantFunc ${(1 << bits) - 1}`),
  hasLatency(type) &&
    shown(fieldIn(pcie, 'devcap.l0s_latency'), (index) => `, Latency L0s ${L0S_LATENCIES[index] ?? ''}`),
  hasLatency(type) &&
    shown(fieldIn(pcie, 'devcap.l1_latency'), (index) => `, L1 ${L1_LATENCIES[index] ?? ''}`),
  '\n\t\t\t',
  flags(pcie, 'devcap', {
    ExtTag: 'ext_tag',
    ...(hasButtons(type) && {
      AttnBtn: 'attention_button',
      AttnInd: 'attention_indicator',
      PwrInd: 'power_indicator',
    }),
    RBE: 'role_based_error',
    ...(hasReset(type) && { FLReset: 'flr' }),
  }),
  hasPowerLimit(type) && ((view) => ` SlotPowerLimit ${slotPower(powerValue(view), powerScale(view))}`),
  ' ',
  flags(pcie, 'devcap', { 'TEE-IO': 'tee_io' }),
  '\n\t\tDevCtl:\t',
  flags(pcie, 'devctl', {
    CorrErr: 'correctable',
    NonFatalErr: 'non_fatal',
    FatalErr: 'fatal',
    UnsupReq: 'unsupported',
  }),
  '\n\t\t\t',
  flags(pcie, 'devctl', {
    RlxdOrd: 'relaxed_order',
    ExtTag: 'ext_tag',
    PhantFunc: 'phantom',
    AuxPwr: 'aux_power',
    NoSnoop: 'no_snoop',
  }),
  type === toPci && ' ',
  type === toPci && flags(pcie, 'devctl', { BrConfRtry: 'bridge_retry' }),
  hasReset(type) && ((view) => (canReset(view) === 0 ? '' : joined(RESET, view))),
  bytes('devctl.max_payload', '\n\t\t\tMaxPayload', ', '),
  bytes('devctl.max_read', 'MaxReadReq', '\n\t\tDevSta:\t'),
  flags(pcie, 'devsta', {
    CorrErr: 'correctable',
    NonFatalErr: 'non_fatal',
    FatalErr: 'fatal',
    UnsupReq: 'unsupported',
    AuxPwr: 'aux_power',
    TransPend: 'pending',
  }),
  '\n',
]);

export function writeDevice(view: CapabilityView, type: number): string {
  return joined(DEVICE[type] ?? [], view);
}

const TIMEOUT_RANGES: ReadonlyMap<number, string> = new Map([
  [0, 'Not Supported'],
  [1, 'Range A'],
  [2, 'Range B'],
  [3, 'Range AB'],
  [6, 'Range BC'],
  [7, 'Range ABC'],
  [14, 'Range BCD'],
  [15, 'Range ABCD'],
]);
const TIMEOUTS: ReadonlyMap<number, string> = new Map([
  [0, '50us to 50ms'],
  [1, '50us to 100us'],
  [2, '1ms to 10ms'],
  [5, '16ms to 55ms'],
  [6, '65ms to 210ms'],
  [9, '260ms to 900ms'],
  [10, '1s to 3.5s'],
  [13, '4s to 13s'],
  [14, '17s to 64s'],
]);
const FLUSH_SUPPORT = ['Not Supported', 'Via message', 'Via WAKE#', 'Via message/WAKE#'];
const FLUSH = ['Disabled', 'Via message A', 'Via message B', 'Via WAKE#'];
const EMERGENCY = ['Not Supported', 'Dev Specific', 'Form Factor Dev Specific', 'Reserved'];
const LINE_SIZES = ['Not Supported', '64byte cachelines', '128byte cachelines', 'Reserved'];

const hasHints = oneOf([rootPort, endpoint]);
const forwards = oneOf([rootPort, downstream]);
const routesAtomics = oneOf([rootPort, upstream, downstream]);
const requestsAtomics = oneOf([rootPort, endpoint, integratedEndpoint, legacyEndpoint]);

const prefixes = fieldIn(pcie, 'devcap2.end_end_prefix');
const mostPrefixes = fieldIn(pcie, 'devcap2.max_prefixes');
const completer = fieldIn(pcie, 'devcap2.tph_completer');
const extended = fieldIn(pcie, 'devcap2.ext_tph_completer');

/** Extended hints without plain ones are no combination that the specification has: lspci says nothing. */
const hints: Item = (view) => {
  const plain = completer(view) !== 0;
  if (extended(view) !== 0) return plain ? ' TPHComp+ ExtTPHComp+' : ' ';
  return plain ? ' TPHComp+ ExtTPHComp-' : ' TPHComp- ExtTPHComp-';
};

const COMPLETERS: Item = flags(pcie, 'devcap2', {
  '32bit': 'atomic32',
  '64bit': 'atomic64',
  '128bitCAS': 'cas128',
});

/** What completes AtomicOps: a root port, or a function with memory to operate on. */
function atomicItems(type: number): Item[] {
  const routes = routesAtomics(type);
  const routing = routes ? [flags(pcie, 'devcap2', { Routing: 'atomic_routing' })] : [];
  const one = ['\t\t\t AtomicOpsCap: ', ...routing];
  const all = [...one, ...(routes ? [' '] : []), COMPLETERS, '\n'];
  if (type === rootPort) return all;
  const without = routes ? [...one, '\n'] : [];
  return [(view) => joined(view.fn.hasMemoryBar ? all : without, view)];
}

const DEVICE2 = byType((type) => [
  '\t\tDevCap2: Completion Timeout: ',
  shown(fieldIn(pcie, 'devcap2.timeout_ranges'), (ranges) => `${TIMEOUT_RANGES.get(ranges) ?? 'Unknown'}, `),
  flags(pcie, 'devcap2', { TimeoutDis: 'timeout_disable', NROPrPrP: 'no_ro_pr_pr', LTR: 'ltr' }),
  '\n\t\t\t ',
  flags(pcie, 'devcap2', { '10BitTagComp': 'tag10_completer', '10BitTagReq': 'tag10_requester' }),
  shown(fieldIn(pcie, 'devcap2.obff'), (index) => ` OBFF ${FLUSH_SUPPORT[index] ?? ''}, `),
  flags(pcie, 'devcap2', { ExtFmt: 'ext_format', EETLPPrefix: 'end_end_prefix' }),
  (view) => (prefixes(view) === 0 ? '' : `, MaxEETLPPrefixes ${mostPrefixes(view) || 4}`),
  shown(
    fieldIn(pcie, 'devcap2.emergency_power'),
    (index) => `\n\t\t\t EmergencyPowerReduction ${EMERGENCY[index] ?? ''}, `,
  ),
  flags(pcie, 'devcap2', { EmergencyPowerReductionInit: 'emergency_power_init' }),
  '\n\t\t\t ',
  flags(pcie, 'devcap2', { FRS: 'frs' }),
  type === rootPort &&
    shown(fieldIn(pcie, 'devcap2.ln_cls'), (index) => ` LN System CLS ${LINE_SIZES[index] ?? ''},`),
  hasHints(type) && hints,
  forwards(type) && ' ',
  forwards(type) && flags(pcie, 'devcap2', { ARIFwd: 'ari_forwarding' }),
  '\n',
  ...atomicItems(type),
  '\t\tDevCtl2: Completion Timeout: ',
  shown(fieldIn(pcie, 'devctl2.timeout'), (timeout) => `${TIMEOUTS.get(timeout) ?? 'Unknown'}, `),
  flags(pcie, 'devctl2', {
    TimeoutDis: 'timeout_disable',
    ...(forwards(type) && { ARIFwd: 'ari_forwarding' }),
  }),
  '\n',
  (requestsAtomics(type) || routesAtomics(type)) && '\t\t\t AtomicOpsCtl: ',
  flags(pcie, 'devctl2', {
    ...(requestsAtomics(type) && { ReqEn: 'atomic_requester' }),
    ...(routesAtomics(type) && { EgressBlck: 'atomic_egress_block' }),
  }),
  (requestsAtomics(type) || routesAtomics(type)) && '\n',
  '\t\t\t ',
  flags(pcie, 'devctl2', {
    IDOReq: 'ido_request',
    IDOCompl: 'ido_completion',
    LTR: 'ltr',
    EmergencyPowerReductionReq: 'emergency_power_request',
  }),
  '\n\t\t\t ',
  flags(pcie, 'devctl2', { '10BitTagReq': 'tag10_requester' }),
  shown(fieldIn(pcie, 'devctl2.obff'), (index) => ` OBFF ${FLUSH[index] ?? ''}, `),
  flags(pcie, 'devctl2', { EETLPPrefixBlk: 'prefix_block' }),
  '\n',
]);

export function writeDevice2(view: CapabilityView, type: number): string {
  return joined(DEVICE2[type] ?? [], view);
}
