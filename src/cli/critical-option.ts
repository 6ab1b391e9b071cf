/** The option that names a function again which the host lives from, given once for each. */
import { Option } from 'commander';

export interface CriticalChoice {
  /** As they were typed: addresses, or names. */
  readonly evenIfCritical: readonly string[];
}

export function criticalOption(): Option {
  const none: readonly string[] = [];
  return new Option(
    '--even-if-critical <function>',
    'take this function, by its address or its name, although the host has its disk, its way out, its console or a session there',
  )
    .default(none, 'none')
    .argParser((text: string, before: readonly string[]) => [...before, text]);
}
