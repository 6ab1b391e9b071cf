/** What xl makes of the functions in an xl.cfg, and the kind of boot file. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings } from '../boot-rule.js';
import { PCI_DEFAULTS } from './xl-config-pci.js';
import { tokensOf } from './xl-config-tokens.js';
import { XlConfig, XlConfigError, type XlList, type XlText, type XlValue } from './xl-config.js';
import { XL_RULES } from './xl-rules.js';
import { readRdmAsXl, type RdmReading } from './xl-rdm-reading.js';
import { readSpecAsXl, type SpecRemark, type XlSpecReading } from './xl-spec-reading.js';

const SETTINGS: readonly string[] = ['pci', ...PCI_DEFAULTS];

interface Entry {
  readonly item: XlText;
  readonly reading: XlSpecReading;
}

class Linter {
  readonly findings = new Findings(XL_RULES);
  readonly #text: ByteText;
  readonly #config: XlConfig;
  readonly #entries: Entry[] = [];

  constructor(text: ByteText, config: XlConfig) {
    this.#text = text;
    this.#config = config;
  }

  lint(): void {
    this.#settings();
    for (const name of PCI_DEFAULTS) this.#default(name);
    this.#rdm();
    const pci = this.#config.get('pci');
    if (pci?.kind === 'text')
      this.findings.add('PCI_NO_LIST', { offset: pci.at.offset, length: pci.end - pci.at.offset });
    else if (pci !== undefined) this.#list(pci);
    this.#again();
    if (this.#entries.length > 0) this.#guest();
  }

  #settings(): void {
    const { settings } = this.#config;
    const lastAssigned = new Map<string, number>();
    for (const [index, { name, operator }] of settings.entries())
      if (operator === '=') lastAssigned.set(name, index);
    for (const [index, { name, at, end }] of settings.entries()) {
      if (/^pci/.test(name) && !SETTINGS.includes(name))
        this.findings.add('SETTING_UNKNOWN', { offset: at.offset, length: name.length });
      if ((lastAssigned.get(name) ?? 0) <= index) continue;
      this.findings.add(name === 'pci' ? 'LIST_REPLACED' : 'SETTING_AGAIN', {
        offset: at.offset,
        length: end - at.offset,
      });
    }
  }

  #default(name: string): void {
    const value = this.#config.get(name);
    if (value === undefined) return;
    const number = this.#number(name);
    if (number === undefined) this.#about(value, 'DEFAULT_NOT_NUMBER');
    else if (number !== 0 && name === 'pci_permissive') this.#about(value, 'PERMISSIVE');
    else if (number !== 0 && name === 'pci_seize') this.#about(value, 'SEIZE');
  }

  #list({ items }: XlList): void {
    for (const item of items) {
      if (item.kind === 'list') return void this.#about(item, 'ENTRY_IS_LIST');
      const { reading, remarks } = readSpecAsXl(item.text);
      for (const remark of remarks) this.#within(item, remark);
      if (reading === undefined) continue;
      if (reading.flags.get('permissive') === true) this.#about(item, 'PERMISSIVE');
      if (reading.flags.get('seize') === true) this.#about(item, 'SEIZE');
      this.#entries.push({ item, reading });
    }
  }

  #rdm(): void {
    const rdm = this.#config.get('rdm');
    if (rdm?.kind === 'text') this.#within(rdm, readRdmAsXl(rdm.text));
  }

  #again(): void {
    const given = new GivenFunctions();
    const slots = new Set<number>();
    for (const { item, reading } of this.#entries) {
      if (given.has(reading)) this.#about(item, 'FUNCTION_AGAIN');
      else if (reading.virtualSlot !== 0 && slots.has(reading.virtualSlot)) this.#about(item, 'SLOT_AGAIN');
      given.add(reading);
      slots.add(reading.virtualSlot);
    }
  }

  #guest(): void {
    const word = (name: string) => {
      const value = this.#config.get(name);
      return value?.kind === 'text' ? value : undefined;
    };
    const passthrough = word('passthrough');
    if (passthrough?.text === 'disabled') this.#about(passthrough, 'PASSTHROUGH_DISABLED');
    const most = word('maxmem');
    const type = (word('type') ?? word('builder'))?.text;
    if (most === undefined || type !== 'hvm') return;
    const [memory, maxmem] = [this.#number('memory'), this.#number('maxmem')];
    if (memory !== undefined && maxmem !== undefined && maxmem > memory)
      this.#about(most, 'POPULATE_ON_DEMAND');
  }

  #number(name: string): number | undefined {
    try {
      return this.#config.number(name);
    } catch (error) {
      if (error instanceof XlConfigError) return undefined;
      throw error;
    }
  }

  /** About a part of a string; about all of it where it is written otherwise than it reads. */
  #within(value: XlText, { rule, start, end }: SpecRemark | RdmReading): void {
    const begin = this.#text.slice(value.at.offset, value.end).indexOf(value.text);
    if (begin < 0) this.#about(value, rule);
    else this.findings.add(rule, { offset: value.at.offset + begin + start, length: end - start });
  }

  #about({ at, end }: XlValue, code: keyof typeof XL_RULES): void {
    this.findings.add(code, { offset: at.offset, length: end - at.offset });
  }
}

/** Functions of the entries so far: by address, by device where an entry takes all of one, and by name. */
class GivenFunctions {
  readonly #addresses = new Set<string>();
  readonly #devices = new Set<string>();
  /** Devices of which all functions are given. */
  readonly #whole = new Set<string>();
  readonly #names = new Set<string>();
  /** Names that stand without an address. */
  readonly #bareNames = new Set<string>();

  has({ address, name, all }: XlSpecReading): boolean {
    if (address === undefined) return name !== undefined && this.#names.has(name);
    const device = deviceOf(address);
    return (
      this.#addresses.has(address) ||
      this.#whole.has(device) ||
      (all && this.#devices.has(device)) ||
      (name !== undefined && this.#bareNames.has(name))
    );
  }

  add({ address, name, all }: XlSpecReading): void {
    if (name !== undefined) this.#names.add(name);
    if (address === undefined) {
      if (name !== undefined) this.#bareNames.add(name);
      return;
    }
    this.#addresses.add(address);
    this.#devices.add(deviceOf(address));
    if (all) this.#whole.add(deviceOf(address));
  }
}

/** Without its function. */
function deviceOf(address: string): string {
  return address.slice(0, -1);
}

function lint(text: ByteText): readonly BootFinding[] {
  try {
    const linter = new Linter(text, XlConfig.parse(text, 'xl.cfg'));
    linter.lint();
    return linter.findings.sorted();
  } catch (error) {
    if (!(error instanceof XlConfigError)) throw error;
    const findings = new Findings(XL_RULES);
    const [line = ''] = text.slice(error.at.offset).split('\n', 1);
    findings.add('SYNTAX', { offset: error.at.offset, length: line.length }, error.why);
    return findings.sorted();
  }
}

/** Token by token, with what stands between them; what cannot be read stays as it is. */
function print(text: ByteText): ByteText {
  let printed = '';
  let end = 0;
  try {
    for (const token of tokensOf(text, 'xl.cfg')) {
      printed += text.slice(end, token.at.offset) + text.slice(token.at.offset, token.end);
      ({ end } = token);
    }
  } catch (error) {
    if (!(error instanceof XlConfigError)) throw error;
  }
  return printed + text.slice(end);
}

export const xlConfigFile: BootFileKind = {
  name: 'xl.cfg',
  reader: 'xl',
  recognises: (path) => /(^|\/)xen\/[^/]+\.cfg$|\.xl$|(^|\/)xl\.cfg$/.test(path),
  lint,
  print,
};
