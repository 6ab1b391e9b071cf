/** The option that allows what would be refused: names of findings, with commas between them, given as often as one likes. */
import { Option } from 'commander';
import { parseAllowance } from '../admin/findings/allowance.js';
import { FINDING_NAMES, type FindingName } from '../admin/findings/finding.js';

export function allowOption(): Option {
  const none: readonly FindingName[] = [];
  return new Option('--allow <names>', `accept what is not safe: ${FINDING_NAMES.join(', ')}`)
    .default(none, 'nothing')
    .argParser((text: string, before: readonly FindingName[]) => [...before, ...parseAllowance([text])]);
}
