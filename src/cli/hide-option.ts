/** The options of `serve` that name what is claimed when it starts. */
import { Option, type Command } from 'commander';
import {
  HideListUnsoundError,
  hideGrammars,
  isSound,
  type HideDialect,
  type HideList,
} from '../boot/index.js';

export interface HideChoice {
  readonly hide?: string;
  readonly hideFormat?: HideDialect;
}

/** The grammar is Linux's where nothing is said: it is the host's own, so what stood on its command line is given as it stood. */
const DEFAULT_FORMAT: HideDialect = 'linux';

export function addHideOptions(command: Command): Command {
  return command
    .option(
      '--hide <list>',
      'claim these functions first, as the boot option of xen-pciback does: (0a:00.0)(0b:*.*)',
    )
    .addOption(
      new Option('--hide-format <system>', 'whose grammar the list of --hide is in')
        .choices(['linux', 'netbsd'])
        .default(DEFAULT_FORMAT),
    );
}

/** @throws {HideListUnsoundError} the list would not do what it says. */
export function chosenHideList({ hide, hideFormat = DEFAULT_FORMAT }: HideChoice): HideList | undefined {
  if (hide === undefined) return undefined;
  const list = hideGrammars[hideFormat].parse(hide);
  if (!isSound(list)) throw new HideListUnsoundError(list);
  return list;
}
