/** lspci's words for HyperTransport's two interface blocks. */
import { hexDigits, htPrimary, htSecondary, type RegisterTable } from '../../../pci/index.js';
import { fieldIn, registerIn, type FieldReader } from '../../field-reader.js';
import type { CapabilityView } from '../capability-view.js';
import { flags, joined, shown, type Item } from '../items.js';

/** Bytes of the primary block, and of the secondary one with its extended half. */
const PRIMARY_BYTES = 0x1c;
const SECONDARY_BYTES = 0x18;
/** Revisions between which the registers changed without a plan that lspci would know. */
const UNSURE = { first: 0x12, last: 0x21 };

/** `3.05` from the revision register of a block. */
export function revisionText(table: RegisterTable): (view: CapabilityView) => string {
  const major = fieldIn(table, 'revision.major');
  const minor = fieldIn(table, 'revision.minor');
  return (view) => `${major(view)}.${String(minor(view)).padStart(2, '0')}`;
}

/** From revision 1.02 on the registers are those of today. */
function isToday(revision: number): boolean {
  return revision > UNSURE.last;
}

function isUnsure(revision: number): boolean {
  return revision >= UNSURE.first && revision <= UNSURE.last;
}

const WIDTHS = ['8bit', '16bit', '[2]', '32bit', '2bit', '4bit', '[6]', 'N/C'];
const FREQUENCIES = [
  '200MHz',
  '300MHz',
  '400MHz',
  '500MHz',
  '600MHz',
  '800MHz',
  '1.0GHz',
  '1.2GHz',
  '1.4GHz',
];
FREQUENCIES.push('1.6GHz', '[a]', '[b]', '[c]', '[d]', '[e]', 'Vend');

function width(field: FieldReader): Item {
  return (view) => WIDTHS[field(view)] ?? '';
}

/** Control and configuration of one link; `label` stands in the lines, `link` in the names of the registers. */
function linkLines(table: RegisterTable, label: string, link: string, today: boolean): Item[] {
  const control = `control${link}`;
  const config = `config${link}`;
  const flow = (field: string, name: string): Item[] =>
    today ? [' ', flags(table, config, { [name]: field })] : [];
  return [
    `\t\tLink Control${label}: `,
    flags(table, control, {
      CFlE: 'crc_flood',
      CST: 'crc_test',
      CFE: 'crc_force',
      '<LkFail': 'failure',
      Init: 'initialized',
      EOC: 'end_of_chain',
      TXO: 'transmitter_off',
    }),
    shown(fieldIn(table, `${control}.crc_error`), (lanes) => ` <CRCErr=${lanes.toString(16)}`),
    ...(today
      ? [
          ' ',
          flags(table, control, {
            IsocEn: 'isochronous',
            LSEn: 'ldtstop',
            ExtCTL: 'extended_ctl',
            '64b': 'address64',
          }),
        ]
      : []),
    `\n\t\tLink Config${label}: MLWI=`,
    width(fieldIn(table, `${config}.max_width_in`)),
    ...flow('flow_in', 'DwFcIn'),
    ' MLWO=',
    width(fieldIn(table, `${config}.max_width_out`)),
    ...flow('flow_out', 'DwFcOut'),
    ' LWI=',
    width(fieldIn(table, `${config}.width_in`)),
    ...flow('flow_in_enable', 'DwFcInEn'),
    ' LWO=',
    width(fieldIn(table, `${config}.width_out`)),
    ...flow('flow_out_enable', 'DwFcOutEn'),
    '\n',
  ];
}

/** Frequency, errors and possible frequencies of one link, without the features that may stand among them. */
function frequencyLines(table: RegisterTable, label: string, link: string): Item[] {
  const frequency = `frequency${link}`;
  return [
    `\t\tLink Frequency${label}: `,
    shown(fieldIn(table, `${frequency}.frequency`), (index) => FREQUENCIES[index] ?? ''),
    `\n\t\tLink Error${label}: `,
    flags(table, frequency, {
      '<Prot': 'protocol',
      '<Ovfl': 'overflow',
      '<EOC': 'end_of_chain',
      CTLTm: 'ctl_timeout',
    }),
    `\n\t\tLink Frequency Capability${label}: `,
    flags(table, `frequencies${link}`, {
      '200MHz': 'mhz200',
      '300MHz': 'mhz300',
      '400MHz': 'mhz400',
      '500MHz': 'mhz500',
      '600MHz': 'mhz600',
      '800MHz': 'mhz800',
      '1.0GHz': 'ghz1_0',
      '1.2GHz': 'ghz1_2',
    }),
    // lspci reads a byte of the two, so it knows of no frequency above these.
    ' 1.4GHz- 1.6GHz- Vend-\n',
  ];
}

const FEATURES = {
  IsocFC: 'isochronous',
  LDTSTOP: 'ldtstop',
  CRCTM: 'crc_test',
  ECTLT: 'extended_ctl',
  '64bA': 'address64',
  UIDRD: 'unit_reorder_disable',
};

function errorLines(table: RegisterTable): Item[] {
  return [
    '\t\tError Handling: ',
    flags(table, 'errors', {
      PFlE: 'protocol_flood',
      OFlE: 'overflow_flood',
      PFE: 'protocol_fatal',
      OFE: 'overflow_fatal',
      EOCFE: 'end_of_chain_fatal',
      RFE: 'response_fatal',
      CRCFE: 'crc_fatal',
      SERRFE: 'serr_fatal',
      CF: 'chain_fail',
      RE: 'response',
      PNFE: 'protocol_non_fatal',
      ONFE: 'overflow_non_fatal',
      EOCNFE: 'end_of_chain_non_fatal',
      RNFE: 'response_non_fatal',
      CRCNFE: 'crc_non_fatal',
      SERRNFE: 'serr_non_fatal',
    }),
    '\n\t\tPrefetchable memory behind bridge Upper: ',
    shown(registerIn(table, 'memory_base_upper'), (base) => `${hexDigits(base, 2)}-`),
    shown(registerIn(table, 'memory_limit_upper'), (limit) => `${hexDigits(limit, 2)}\n`),
  ];
}

/** The lines of a block up to its revision, as they were before and as they are now. */
function firstLines(
  table: RegisterTable,
  command: (today: boolean) => readonly Item[],
  links: readonly (readonly [label: string, link: string])[],
): { readonly before: readonly Item[]; readonly today: readonly Item[] } {
  const of = (today: boolean): readonly Item[] => [
    '\t\tCommand: ',
    ...command(today),
    '\n',
    ...links.flatMap(([label, link]) => linkLines(table, label, link, today)),
    (view) => `\t\tRevision ID: ${revision(view)}\n`,
  ];
  const revision = revisionText(table);
  return { before: of(false), today: of(true) };
}

const primaryFirst = firstLines(
  htPrimary,
  (today) => [
    shown(fieldIn(htPrimary, 'command.base_unit'), (unit) => `BaseUnitID=${unit}`),
    shown(fieldIn(htPrimary, 'command.units'), (count) => ` UnitCnt=${count} `),
    flags(htPrimary, 'command', { MastHost: 'master_host', DefDir: 'default_direction' }),
    ...(today ? [' ', flags(htPrimary, 'command', { DUL: 'drop_uninitialized' })] : []),
  ],
  [
    [' 0', '0'],
    [' 1', '1'],
  ],
);

const PRIMARY_REST: readonly Item[] = [
  ...frequencyLines(htPrimary, ' 0', '0'),
  '\t\tFeature Capability: ',
  flags(htPrimary, 'features', FEATURES),
  '\n',
  ...frequencyLines(htPrimary, ' 1', '1'),
  ...errorLines(htPrimary),
  shown(registerIn(htPrimary, 'bus'), (bus) => `\t\tBus Number: ${hexDigits(bus, 2)}\n`),
];
const primaryRevision = registerIn(htPrimary, 'revision');

export function writeHtPrimary(view: CapabilityView): string {
  const title = 'Slave or Primary Interface\n';
  if (view.verbosity < 2 || !view.has(0, PRIMARY_BYTES)) return title;
  const revision = primaryRevision(view);
  const text = title + (isUnsure(revision) ? UNSURE_LINE : '');
  if (!isToday(revision)) return text + joined(primaryFirst.before, view);
  return text + joined(primaryFirst.today, view) + joined(PRIMARY_REST, view);
}

const UNSURE_LINE = '\t\t!!! Possibly incomplete decoding\n';

const secondaryFirst = firstLines(
  htSecondary,
  (today) => [
    flags(htSecondary, 'command', { WarmRst: 'warm_reset', DblEnd: 'double_ended' }),
    ...(today
      ? [
          shown(fieldIn(htSecondary, 'command.device'), (device) => ` DevNum=${device} `),
          flags(htSecondary, 'command', {
            ChainSide: 'chain_side',
            HostHide: 'host_hide',
            Slave: 'slave',
            '<EOCErr': 'end_of_chain_error',
            DUL: 'drop_uninitialized',
          }),
        ]
      : []),
  ],
  [['', '']],
);

const SECONDARY_REST: readonly Item[] = [
  ...frequencyLines(htSecondary, '', ''),
  '\t\tFeature Capability: ',
  flags(htSecondary, 'features', { ...FEATURES, ExtRS: 'extended', UCnfE: 'upstream_config' }),
  '\n',
];
const SECONDARY_ERRORS = errorLines(htSecondary);
const secondaryRevision = registerIn(htSecondary, 'revision');
const isExtended = fieldIn(htSecondary, 'features.extended');

export function writeHtSecondary(view: CapabilityView): string {
  const title = 'Host or Secondary Interface\n';
  if (view.verbosity < 2 || !view.has(0, SECONDARY_BYTES)) return title;
  const revision = secondaryRevision(view);
  const text = title + (isUnsure(revision) ? UNSURE_LINE : '');
  if (!isToday(revision)) return text + joined(secondaryFirst.before, view);
  const most = text + joined(secondaryFirst.today, view) + joined(SECONDARY_REST, view);
  return isExtended(view) === 0 ? most : most + joined(SECONDARY_ERRORS, view);
}
