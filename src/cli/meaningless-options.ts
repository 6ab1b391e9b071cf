/** Options that were given and would do nothing: a command line that means something else than it says, and ends there. */
import type { Command } from 'commander';

/** `names`: of the options that are without meaning, as their values are called; `whom`: to whom they are. */
export function refuseMeaningless(command: Command, names: readonly string[], whom: string): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (names.includes(name) && command.getOptionValueSource(name) === 'cli')
      command.error(`error: ${option.long ?? name} means nothing ${whom}`);
  }
}
