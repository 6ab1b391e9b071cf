/** The option that allows what would be refused: names of findings, with commas between them, given as often as one likes. */
import { Option } from 'commander';
import { parseAllowance } from '../admin/findings/allowance.js';
import { ALLOWABLE_NAMES } from '../admin/findings/errors.js';
import type { FindingName } from '../admin/findings/finding.js';

/** `names`: those that the command can meet. */
export function allowOption(names: readonly FindingName[] = ALLOWABLE_NAMES): Option {
  const none: readonly FindingName[] = [];
  return new Option('--allow <names>', `accept what is not safe: ${names.join(', ')}`)
    .default(none, 'nothing')
    .argParser((text: string, before: readonly FindingName[]) => [...before, ...parseAllowance([text])]);
}
