/** The option that names a function again which the host lives from, given once for each. */
import { Option } from 'commander';
import type { PciAddress } from '../pci/index.js';
import type { MachineChoice } from './machine-option.js';
import { functionsNamed } from './named-function.js';

export interface CriticalChoice {
  /** As they were typed: addresses, or names. */
  readonly evenIfCritical: readonly string[];
}

export function criticalOption(): Option {
  const none: readonly string[] = [];
  return new Option(
    '--even-if-critical <function>',
    'take this function although the host has its disk, its way out, its console or a session there',
  )
    .default(none, 'none')
    .argParser((text: string, before: readonly string[]) => [...before, text]);
}

/** @throws as functionNamed does. */
export function criticalFunctions({
  evenIfCritical,
  ...choice
}: CriticalChoice & MachineChoice): Promise<readonly PciAddress[]> {
  return functionsNamed(evenIfCritical, choice);
}
