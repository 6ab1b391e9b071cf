/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { LinuxMachine } from '../machines/linux/index.js';
import { className, notations } from '../pci/index.js';

/**
 * Bash breaks words at colons, and addresses have them: what stands before the last one must not be inserted again.
 * The functions are those of the package bash-completion, which the script needs anyway.
 */
const BASH_COLONS = `
__openslot_complete_addresses() {
    __openslot_complete
    local cur
    _get_comp_words_by_ref -n "=:" cur
    __ltrim_colon_completions "$cur"
}
complete -F __openslot_complete_addresses openslot
`;

/** Adds `completion SHELL`, and the hidden command that its scripts call. Addresses are those of this host. */
export function addCompletion(program: Command): void {
  const completion = tab(program, { completionCommandName: 'completion' });
  program.hook('postAction', (_program, action) => {
    if (action.name() === 'completion' && action.args[0] === 'bash') process.stdout.write(BASH_COLONS);
  });
  for (const command of completion.commands.values()) {
    const address = command.arguments.get('address');
    if (address === undefined) continue;
    address.handler = (complete) => {
      for (const [text, title] of addresses()) complete(text, title);
    };
  }
}

function addresses(): readonly (readonly [string, string])[] {
  try {
    return new LinuxMachine()
      .list()
      .map(({ address, classCode }) => [notations.shortHex.format(address), className(classCode)] as const);
  } catch {
    // A shell that asks wants suggestions, not errors.
    return [];
  }
}
