/** `openslot unhide`: leaves functions to the host's drivers again, from its next boot on. */
import type { Command } from 'commander';
import { addFileOptions } from './hide.js';
import type { HideOptions } from './hide-files.js';
import { refuseMeaningless } from './meaningless-options.js';

export function define(command: Command): void {
  addFileOptions(command)
    .addHelpText(
      'after',
      `
Takes back what openslot hide wrote: with the last function of a list its option goes, and the lines that were added for
it, so that the file is as it was. What a wildcard hides together with others is refused.

Examples:
  openslot unhide 0a:00.0 --for xen
  openslot unhide 0a:00.0 0a:00.1 --for vfio --dry-run`,
    )
    .action(async (texts: readonly string[], options: HideOptions) => {
      if (options.for !== 'freebsd') refuseMeaningless(command, ['keeper'], `to the boot of ${options.for}`);
      const { changeHidden } = await import('./hide-files.js');
      await changeHidden('unhide', texts, options);
    });
}
