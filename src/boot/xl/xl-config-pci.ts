/** What an xl.cfg says of the PCI functions of its guest. */
import { OpenslotError, parseXlSpec, type SpecDefaults, type XlSpec } from '../../pci/index.js';
import type { XlConfig } from './xl-config.js';

/** What `openslot attach --config` reads. */
export interface ConfiguredFunctions {
  /** The guest's name; undefined where the file does not say it. */
  readonly name: string | undefined;
  /** One for each entry of `pci`, in its order. */
  readonly specs: readonly XlSpec[];
}

/** Settings that are the defaults of an option of every entry. */
const DEFAULTS = {
  pci_permissive: 'permissive',
  pci_msitranslate: 'msitranslate',
  pci_seize: 'seize',
  pci_power_mgmt: 'powerManagement',
} as const;

export type PciDefault = keyof typeof DEFAULTS;

export const PCI_DEFAULTS: readonly string[] = Object.keys(DEFAULTS);

/** @throws {XlConfigError} an entry that is no specification, with its place. */
export function configuredFunctions(config: XlConfig): ConfiguredFunctions {
  const defaults: { -readonly [Option in keyof SpecDefaults]: SpecDefaults[Option] } = {};
  for (const [setting, option] of Object.entries(DEFAULTS)) {
    const value = config.number(setting);
    if (value !== undefined) defaults[option] = value !== 0;
  }
  const specs = (config.texts('pci') ?? []).map((entry) => {
    try {
      return parseXlSpec(entry.text, defaults);
    } catch (cause) {
      if (!(cause instanceof OpenslotError)) throw cause;
      throw config.fault(entry, cause.message, { cause });
    }
  });
  return { name: config.text('name')?.text, specs };
}
