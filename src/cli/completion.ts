/** Shell completion: scripts for each shell, and the suggestions that they ask for. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { className, knownMaps, notations, type PciAddress } from '../pci/index.js';
import { chosenMachine, machineOfItsOwn, type MachineChoice } from './machine-option.js';
import { nameFolder } from './function-names.js';
import { askOwnerOf, askSim, viewMachine } from './machine-view.js';
import { addressAmong, namesFrom, namesOfFunction } from './register-completion.js';
import { schemaNames } from './schema.js';

/**
 * Bash breaks words at colons, and addresses have them: what stands before the last one must not be inserted again.
 * The functions are those of the package bash-completion, which the script needs anyway. Where nothing is suggested a
 * file may be meant; behind `=` and `:` the word goes on.
 */
const BASH_COLONS = `
__openslot_complete_addresses() {
    __openslot_complete
    local cur
    _get_comp_words_by_ref -n "=:" cur
    case "\${#COMPREPLY[@]} $COMPREPLY" in
        0*) [[ $cur == -* ]] || compopt -o default ;;
        1\\ *[=:]) compopt -o nospace ;;
    esac
    __ltrim_colon_completions "$cur"
}
complete -F __openslot_complete_addresses openslot
`;

/** The script's constants are the library's own: a second eval in one shell, or another tool of it, has made them before. */
const BASH_CONSTANTS = 'readonly() { builtin readonly "$@" 2> /dev/null; }\n';
const BASH_CONSTANTS_END = 'unset -f readonly\n';

/** Those that run where openslot does; the library has one more. */
const SHELLS = ['bash', 'zsh', 'fish'];

/** Adds `completion SHELL`, and the hidden command that its scripts call. Functions are those of the machine that is meant. */
export async function addCompletion(program: Command): Promise<void> {
  const suggestions = await suggestionsFor(process.argv);
  const completion = tab(program, { completionCommandName: 'completion' });
  const printing = program.commands.find((command) => command.name() === 'completion');
  printing?.description('print the completion script of bash, zsh or fish');
  printing?.registeredArguments[0]?.choices(SHELLS);
  const printsBash = (action: Command) => action.name() === 'completion' && action.args[0] === 'bash';
  program.hook('preAction', (_program, action) => {
    if (printsBash(action)) process.stdout.write(BASH_CONSTANTS);
  });
  program.hook('postAction', (_program, action) => {
    if (printsBash(action)) process.stdout.write(BASH_CONSTANTS_END + BASH_COLONS);
  });
  for (const command of completion.commands.values()) {
    for (const [name, suggested] of Object.entries(suggestions)) {
      const taker = command.arguments.get(name) ?? command.options.get(name);
      if (taker === undefined) continue;
      taker.handler = (complete) => {
        for (const [text, title] of suggested) complete(text, title);
      };
    }
  }
}

type Suggestions = readonly (readonly [string, string])[];

/** What `--on` takes; what ends in a colon goes on. */
const MACHINES: Suggestions = [
  ['linux', 'this host'],
  ['sim', 'the simulated machine that runs'],
  ['sim:', 'a simulated machine that a file describes'],
  ['capture:', 'a saved machine, or a dump of lspci'],
  ['qemu:', 'device models of QEMU'],
  ['proto:', 'a folder of device files'],
  ['replay:', 'a recording'],
];

/** Of `pcictl`, which has one argument for all of its commands. */
const PCICTL: Suggestions = [
  ['list', 'a line for each function'],
  ['dump', 'configuration space, raw and decoded'],
  ['read', 'a register'],
  ['write', 'a register and its value'],
];

/** By the names of arguments and options. Only for words that are being completed: printing a script asks nobody. */
async function suggestionsFor(argv: readonly string[]): Promise<Readonly<Record<string, Suggestions>>> {
  const start = argv.indexOf('complete');
  if (start < 0) return {};
  const words = argv.slice(start + 1).filter((word) => word !== '--');
  const [command] = words;
  const typed = words.at(-1) ?? '';
  const said = words[words.indexOf('--on') + 1];
  const on = words.includes('--on') ? said : process.env['OPENSLOT_ON'];
  const choice = on === undefined || on === '' ? {} : { on };
  return {
    on: MACHINES,
    map: knownMaps.map(({ name, title }) => [name, title]),
    ...(command === 'pcictl' ? { bus: [['pci0', 'bus 0 of domain 0']], command: PCICTL } : {}),
    ...(command === 'schema' ? { name: schemaNames().map((name) => [name, '']) } : {}),
    ...(await registersSuggested(choice, words.slice(1, -1), typed)),
    ...(await ofMachine(choice, command === 'detach')),
  };
}

/** Nothing before the word that is typed is an address: there are no registers yet. */
async function registersSuggested(
  choice: MachineChoice,
  before: readonly string[],
  typed: string,
): Promise<Readonly<Record<string, Suggestions>>> {
  const address = await addressAmong(before, choice);
  if (address === undefined || typed.startsWith('-')) return {};
  try {
    const { names: all, capabilities } = await namesOfFunction(choice, address);
    const names = namesFrom(all, typed);
    const assigned: Suggestions = names.map((name) => [capabilities.has(name) ? name : `${name}=`, '']);
    return { register: names.map((name) => [name, '']), 'register=value': assigned, until: assigned };
  } catch {
    return {};
  }
}

async function ofMachine(
  choice: MachineChoice,
  detaches: boolean,
): Promise<Readonly<Record<string, Suggestions>>> {
  try {
    const { functions, pool } = await viewMachine(choice);
    const short = (address: PciAddress) => notations.shortHex.format(address);
    const titles = new Map(functions.map(({ address, classCode }) => [short(address), className(classCode)]));
    // What can be attached is free, what can be detached is taken.
    const state = detaches ? 'taken' : 'free';
    const spec = pool.entries
      .filter((entry) => entry.state === state)
      .map(({ address, taker }) => {
        const text = short(notations.hex.parse(address));
        return [text, taker ?? titles.get(text) ?? ''] as const;
      });
    const guest = machineOfItsOwn(choice) === undefined ? await guests(choice) : [];
    const named = nameFolder(choice).records();
    const names = named.map(({ name, address }) => [name, short(address)] as const);
    const offered = new Set(spec.map(([text]) => text));
    const namedSpecs = names.filter(([, address]) => offered.has(address));
    return {
      address: [...titles, ...names],
      spec: [...spec, ...namedSpecs],
      guest,
      update: names,
      remove: names,
    };
  } catch {
    // A shell that asks wants suggestions, not errors.
    return {};
  }
}

/** None where nobody serves them. */
async function guests(choice: MachineChoice): Promise<Suggestions> {
  try {
    if (chosenMachine(choice).name === 'sim')
      return (await askSim('guest_list', {})).map(({ name, file }) => [name, file] as const);
    return (await askOwnerOf(choice, 'guests', {})).map(({ name, id }) => [name, `domain ${id}`] as const);
  } catch {
    return [];
  }
}
