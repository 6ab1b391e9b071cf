/** The option that names a function again which the host lives from, given once for each. */
import { Option } from 'commander';
import { notations, type PciAddress } from '../pci/index.js';

export interface CriticalChoice {
  readonly evenIfCritical: readonly PciAddress[];
}

export function criticalOption(): Option {
  const none: readonly PciAddress[] = [];
  return new Option(
    '--even-if-critical <address>',
    'take this function although the host has its disk, its way out, its console or a session there',
  )
    .default(none, 'none')
    .argParser((text: string, before: readonly PciAddress[]) => [...before, notations.hex.parse(text)]);
}
