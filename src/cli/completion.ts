/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { PoolEntry } from '../owner/index.js';
import { className, notations } from '../pci/index.js';
import { viewMachine } from './machine-view.js';

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

/** States of the pool that a command wants of its function; the others take any. */
const WANTED: Readonly<Record<string, PoolEntry['state']>> = { attach: 'free', detach: 'taken' };

/** Adds `completion SHELL`, and the hidden command that its scripts call. */
export async function addCompletion(program: Command): Promise<void> {
  const suggested = await functions(process.argv.slice(2));
  const completion = tab(program, { completionCommandName: 'completion' });
  program.hook('postAction', (_program, action) => {
    if (action.name() === 'completion' && action.args[0] === 'bash') process.stdout.write(BASH_COLONS);
  });
  for (const command of completion.commands.values()) {
    for (const name of ['address', 'spec']) {
      const argument = command.arguments.get(name);
      if (argument === undefined) continue;
      argument.handler = (complete) => {
        for (const { text, title } of suggested) complete(text, title);
      };
    }
  }
}

/** Functions of the machine that the words choose, each with its class, or with who has it. */
async function functions(words: readonly string[]): Promise<readonly { text: string; title: string }[]> {
  const command = Object.keys(WANTED).find((word) => words.includes(word));
  const wanted = command === undefined ? undefined : WANTED[command];
  const option = words.indexOf('--on');
  const on = (option < 0 ? undefined : words[option + 1]) ?? process.env['OPENSLOT_ON'] ?? 'linux';
  try {
    const view = await viewMachine({ on });
    const pool = new Map(view.pool.entries.map((entry) => [entry.address, entry]));
    return view.functions
      .map(({ address, classCode }) => ({ address, classCode, entry: pool.get(String(address)) }))
      .filter(({ entry }) => wanted === undefined || entry?.state === wanted)
      .map(({ address, classCode, entry }) => ({
        text: notations.shortHex.format(address),
        title: entry?.taker ?? className(classCode),
      }));
  } catch {
    // A shell that asks wants suggestions, not errors.
    return [];
  }
}
