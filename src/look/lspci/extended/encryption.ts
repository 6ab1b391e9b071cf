/** lspci's words for integrity and data encryption: each stream, at -vvv with where its registers stand. */
import { ide, IdeLayout, linkStreams, selectiveStreams } from '../../../pci/index.js';
import { fieldIn, registerIn } from '../../field-reader.js';
import type { CapabilityView, CapabilityWriter } from '../capability-view.js';
import { flag, flags, joined, shown, type Item } from '../items.js';

const UNREADABLE = '\t\t<unreadable>\n';
const AGGREGATION = ['-', '=2', '=4', '=8'];
const PARTIAL_HEADER = ['no', '17:2', '25:2', '33:2', '41:2'];
const STATES = ['insecure', 'reserved', 'secure'];

/** A word of a list; a number that has none there is written `??n`. */
function wordOf(words: readonly string[]): (value: number) => string {
  return (value) => words[value] ?? `??${value}`;
}

function algorithm(value: number): string {
  return value === 0 ? "'AES-GCM-256-96b'" : "'reserved'";
}

/**
 * The words of a stream's control register.
 * @param pcrc the field that the mark of PCRC is made of.
 */
function controlItems(register: string, pcrc: string, more: readonly Item[]): readonly Item[] {
  const of = (field: string) => fieldIn(ide, `${register}.${field}`);
  return [
    ' Ctl: ',
    flag(of('enable'), 'En'),
    ' NPR',
    shown(of('aggregate_npr'), wordOf(AGGREGATION)),
    ' PR',
    shown(of('aggregate_pr'), wordOf(AGGREGATION)),
    ' CPL',
    shown(of('aggregate_cpl'), wordOf(AGGREGATION)),
    ' ',
    flag(of(pcrc), 'PCRC'),
    ...more,
    ' HdrEnc=',
    shown(of('partial_header'), wordOf(PARTIAL_HEADER)),
    ' Alg=',
    shown(of('algorithm'), algorithm),
    ' TC',
    shown(of('tc'), String),
    ' ID',
    shown(of('stream'), String),
  ];
}

function statusItems(register: string, label: string): readonly Item[] {
  return [
    label,
    shown(fieldIn(ide, `${register}.state`), wordOf(STATES)),
    ' ',
    flag(fieldIn(ide, `${register}.check_failed`), 'RecvChkFail'),
    '\n',
  ];
}

const capability = registerIn(ide, 'cap');
const CAPABILITY: readonly Item[] = [
  '\t\tIDECap: Lnk=',
  shown(capability, (cap) => String(linkStreams(cap))),
  ' Sel=',
  shown(capability, (cap) => String(selectiveStreams(cap))),
  ' ',
  flags(ide, 'cap', {
    FlowThru: 'flow_through',
    PartHdr: 'partial_header',
    Aggr: 'aggregation',
    PCPC: 'pcrc',
    IDE_KM: 'key_management',
  }),
  ' Alg=',
  shown(fieldIn(ide, 'cap.algorithms'), algorithm),
  ' TCs=',
  shown(fieldIn(ide, 'cap.link_tcs'), (raw) => String(raw + 1)),
  ' ',
  flags(ide, 'cap', { TeeLim: 'tee_limited' }),
  '\n\t\tIDECtl: ',
  flags(ide, 'control', { FTEn: 'flow_through' }),
  '\n',
];

// The mark of a link stream's PCRC is that of its enable bit, a slip of lspci's.
const LINK_CONTROL = [...controlItems('link_control', 'enable', []), '\n'];
const LINK_STATUS = statusItems('link_status', ' Sta: Status=');

const addresses = fieldIn(ide, 'selective_cap.addresses');
const isDefault = fieldIn(ide, 'selective_control.default');
const SELECTIVE_CONTROL: readonly Item[] = [
  ...controlItems('selective_control', 'pcrc', [
    ' ',
    flag(fieldIn(ide, 'selective_control.configuration'), 'CFG'),
  ]),
  shown(isDefault, (set) => (set === 0 ? '\n' : ' Default\n')),
];
const SELECTIVE_STATUS = statusItems('selective_status', ' Sta: ');
const hexadecimal = (value: number) => value.toString(16);
const REQUESTERS: readonly Item[] = [
  ' RID: ',
  flag(fieldIn(ide, 'rid2.valid'), 'Valid'),
  ' Base=',
  shown(fieldIn(ide, 'rid2.base'), hexadecimal),
  ' Limit=',
  shown(fieldIn(ide, 'rid1.limit'), hexadecimal),
  ' SegBase=',
  shown(fieldIn(ide, 'rid2.segment'), hexadecimal),
  '\n',
];

/** Address bits 31:20, and those above them, with the low bits that are implied. */
function address(upper: number, lower: number, low: string): string {
  return (upper * 0x1000 + lower)
    .toString(16)
    .concat(low)
    .replace(/^0+(?=.)/, '');
}

const baseLower = fieldIn(ide, 'address1.base_lower');
const baseUpper = fieldIn(ide, 'address3.base_upper');
const limitLower = fieldIn(ide, 'address1.limit_lower');
const limitUpper = fieldIn(ide, 'address2.limit_upper');
const ADDRESSES: readonly Item[] = [
  flag(fieldIn(ide, 'address1.valid'), 'Valid'),
  (view) => ` Base=${address(baseUpper(view), baseLower(view), '00000')}`,
  (view) => ` Limit=${address(limitUpper(view), limitLower(view), 'fffff')}\n`,
];

/** Begins a line about a stream; at -vvv with where in configuration space the register stands. */
function lineStart(view: CapabilityView, at: number, stream: string): string {
  return view.verbosity < 3 ? `\t\t${stream}` : `\t\t[${(view.base + at).toString(16)}]${stream}`;
}

function linkLines(view: CapabilityView, streams: number): string {
  let text = '';
  for (let number = 0; number < streams; number++) {
    // Fields are read where the first block has them, from a view that is moved to the block.
    const offset = number * IdeLayout.link;
    const at = view.from(offset);
    const stream = `LinkIDE#${number}`;
    text += lineStart(at, IdeLayout.first, stream) + joined(LINK_CONTROL, at);
    text += lineStart(at, IdeLayout.first + 4, stream) + joined(LINK_STATUS, at);
  }
  return text;
}

/** The lines of one stream with those of its address blocks; `after` is where the next stream begins. */
function selectiveLines(view: CapabilityView, number: number): { text: string; after?: CapabilityView } {
  const { first, selective, address: block } = IdeLayout;
  if (!view.has(first, selective)) return { text: UNREADABLE };
  const stream = `SelectiveIDE#${number}`;
  const blocks = addresses(view);
  let text =
    `${lineStart(view, first, stream)} Cap: RID#=${blocks}\n` +
    (lineStart(view, first + 4, stream) + joined(SELECTIVE_CONTROL, view)) +
    (lineStart(view, first + 8, stream) + joined(SELECTIVE_STATUS, view)) +
    (lineStart(view, first + 12, stream) + joined(REQUESTERS, view));
  const behind = view.from(selective);
  if (blocks > 0 && !behind.has(first, blocks * block)) return { text: text + UNREADABLE };
  for (let index = 0; index < blocks; index++) {
    const at = behind.from(index * block);
    text += `${lineStart(at, first, stream)} RID#${index}: ${joined(ADDRESSES, at)}`;
  }
  return { text, after: behind.from(blocks * block) };
}

function streams(view: CapabilityView): string {
  const cap = capability(view);
  const links = linkStreams(cap);
  if (!view.has(IdeLayout.first, links * IdeLayout.link)) return UNREADABLE;
  let text = linkLines(view, links);
  let at: CapabilityView | undefined = view.from(links * IdeLayout.link);
  for (let number = 0; number < selectiveStreams(cap) && at !== undefined; number++) {
    const lines: { text: string; after?: CapabilityView } = selectiveLines(at, number);
    text += lines.text;
    at = lines.after;
  }
  return text;
}

export const writeIde: CapabilityWriter = (view) => {
  const first = 'Integrity & Data Encryption\n';
  if (view.verbosity < 2) return first;
  if (!view.has(4, 8)) return first + UNREADABLE;
  return first + joined(CAPABILITY, view) + streams(view);
};
