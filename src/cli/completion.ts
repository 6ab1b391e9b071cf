/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { LinuxMachine } from '../machines/linux/index.js';
import { className, notations } from '../pci/index.js';
import { viewPool } from './pool-view.js';

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

/** Adds `completion SHELL`, and the hidden command that its scripts call. Functions are those of this host. */
export async function addCompletion(program: Command): Promise<void> {
  const suggestions = { address: addresses(), spec: await specs() };
  const completion = tab(program, { completionCommandName: 'completion' });
  program.hook('postAction', (_program, action) => {
    if (action.name() === 'completion' && action.args[0] === 'bash') process.stdout.write(BASH_COLONS);
  });
  for (const command of completion.commands.values()) {
    for (const [name, suggested] of Object.entries(suggestions)) {
      const argument = command.arguments.get(name);
      if (argument === undefined) continue;
      argument.handler = (complete) => {
        for (const [text, title] of suggested) complete(text, title);
      };
    }
  }
}

/** Functions that can be attached, or detached: only those words ask the owner, which answers at once or not at all. */
async function specs(): Promise<readonly (readonly [string, string])[]> {
  const state =
    ['attach', 'detach'].find((word) => process.argv.includes(word)) === 'detach' ? 'taken' : 'free';
  if (!process.argv.some((word) => word === 'attach' || word === 'detach')) return [];
  try {
    using machine = new LinuxMachine();
    const titles = new Map(addresses());
    const { entries } = await viewPool(machine);
    return entries
      .filter((entry) => entry.state === state)
      .map(({ address, taker }) => {
        const text = notations.shortHex.format(notations.hex.parse(address));
        return [text, taker ?? titles.get(text) ?? ''] as const;
      });
  } catch {
    return [];
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
