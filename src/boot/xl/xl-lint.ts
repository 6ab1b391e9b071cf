/** What xl makes of the functions in an xl.cfg, and the kind of boot file. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings } from '../boot-rule.js';
import { PCI_DEFAULTS } from './xl-config-pci.js';
import { tokensOf } from './xl-config-tokens.js';
import { XlConfig, XlConfigError, type XlList, type XlText, type XlValue } from './xl-config.js';
import { XL_RULES } from './xl-rules.js';
import { readSpecAsXl, type XlSpecReading } from './xl-spec-reading.js';

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
    const pci = this.#config.get('pci');
    if (pci?.kind === 'text')
      this.findings.add('PCI_NO_LIST', { offset: pci.at.offset, length: pci.end - pci.at.offset });
    else if (pci !== undefined) this.#list(pci);
    this.#again();
    if (this.#entries.length > 0) this.#guest();
  }

  #settings(): void {
    const { settings } = this.#config;
    for (const [index, { name, at, end }] of settings.entries()) {
      if (/^pci/.test(name) && !SETTINGS.includes(name))
        this.findings.add('SETTING_UNKNOWN', { offset: at.offset, length: name.length });
      if (!settings.slice(index + 1).some((later) => later.name === name && later.operator === '=')) continue;
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
      // Where the string is written otherwise than it reads, the whole of it is shown.
      const written = this.#text.slice(item.at.offset, item.end);
      const begin = written.indexOf(item.text);
      for (const { rule, start, end } of remarks) {
        if (begin < 0) this.#about(item, rule);
        else this.findings.add(rule, { offset: item.at.offset + begin + start, length: end - start });
      }
      if (reading === undefined) continue;
      if (reading.flags.get('permissive') === true) this.#about(item, 'PERMISSIVE');
      if (reading.flags.get('seize') === true) this.#about(item, 'SEIZE');
      this.#entries.push({ item, reading });
    }
  }

  #again(): void {
    for (const [index, { item, reading }] of this.#entries.entries()) {
      const before = this.#entries.slice(0, index);
      if (before.some((other) => sameFunction(other.reading, reading))) this.#about(item, 'FUNCTION_AGAIN');
      else if (
        reading.virtualSlot !== 0 &&
        before.some((other) => other.reading.virtualSlot === reading.virtualSlot)
      )
        this.#about(item, 'SLOT_AGAIN');
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

  #about({ at, end }: XlValue, code: keyof typeof XL_RULES): void {
    this.findings.add(code, { offset: at.offset, length: end - at.offset });
  }
}

function sameFunction(a: XlSpecReading, b: XlSpecReading): boolean {
  if (a.address === undefined || b.address === undefined) return a.name !== undefined && a.name === b.name;
  const device = (address: string) => address.slice(0, -1);
  return a.address === b.address || ((a.all || b.all) && device(a.address) === device(b.address));
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
