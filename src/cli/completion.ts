/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { className, notations, type PciAddress } from '../pci/index.js';
import { chosenMachine } from './machine-option.js';
import { askSim, viewMachine } from './machine-view.js';

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

/** The script's constants are the library's own: a second eval in one shell, or another tool of it, has made them before. */
const BASH_CONSTANTS = 'readonly() { builtin readonly "$@" 2> /dev/null; }\n';
const BASH_CONSTANTS_END = 'unset -f readonly\n';

/** Adds `completion SHELL`, and the hidden command that its scripts call. Functions are those of the machine that is meant. */
export async function addCompletion(program: Command): Promise<void> {
  const suggestions = await suggestionsFor(process.argv);
  const completion = tab(program, { completionCommandName: 'completion' });
  const printsBash = (action: Command) => action.name() === 'completion' && action.args[0] === 'bash';
  program.hook('preAction', (_program, action) => {
    if (printsBash(action)) process.stdout.write(BASH_CONSTANTS);
  });
  program.hook('postAction', (_program, action) => {
    if (printsBash(action)) process.stdout.write(BASH_CONSTANTS_END + BASH_COLONS);
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

type Suggestions = readonly (readonly [string, string])[];

/** Only for words that are being completed, so that printing a script asks nobody. */
async function suggestionsFor(
  words: readonly string[],
): Promise<Record<'address' | 'spec' | 'guest', Suggestions>> {
  const none = { address: [], spec: [], guest: [] };
  if (!words.includes('complete')) return none;
  const said = words[words.indexOf('--on') + 1];
  const on = words.includes('--on') ? said : process.env['OPENSLOT_ON'];
  const choice = on === undefined || on === '' ? {} : { on };
  try {
    const { functions, pool } = await viewMachine(choice);
    const short = (address: PciAddress) => notations.shortHex.format(address);
    const titles = new Map(functions.map(({ address, classCode }) => [short(address), className(classCode)]));
    // What can be attached is free, what can be detached is taken.
    const state = words.includes('detach') ? 'taken' : 'free';
    const spec = pool.entries
      .filter((entry) => entry.state === state)
      .map(({ address, taker }) => {
        const text = short(notations.hex.parse(address));
        return [text, taker ?? titles.get(text) ?? ''] as const;
      });
    const guest = chosenMachine(choice).name === 'sim' ? await guests() : [];
    return { address: [...titles], spec, guest };
  } catch {
    // A shell that asks wants suggestions, not errors.
    return none;
  }
}

async function guests(): Promise<Suggestions> {
  return (await askSim('guest_list', {})).map(({ name, file }) => [name, file] as const);
}
