/** lspci's switches on the command line of `show`, and what they ask of its text. */
import { Option, type Command } from 'commander';
import type { LspciOptions } from '../look/lspci/options.js';

/** As commander has them: each switch counted, filters as they were written. */
export interface LspciSwitches {
  readonly v?: number;
  readonly n?: number;
  readonly x?: number;
  readonly m?: number;
  readonly t?: number;
  readonly k?: number;
  readonly D?: number;
  readonly P?: number;
  readonly s?: string;
  readonly d?: string;
}

const COUNTED: readonly (readonly [keyof LspciSwitches, string])[] = [
  ['v', 'registers and capabilities; -vv and -vvv more of them'],
  ['n', 'numbers instead of names; -nn both'],
  ['x', 'the bytes of the header; -xxx of 256 bytes, -xxxx of all 4096'],
  ['t', 'the topology as a tree; with -v names of functions'],
  ['m', 'one record a line for programs; -mm the same, -vmm one tag a line'],
  ['k', 'driver in use, and drivers that could be'],
  ['D', 'domains, even where all are 0'],
  ['P', 'the way to a function through bridges; -PP with the buses on it'],
];

const HEADING = 'Options with --format lspci (their letters may stand together, as -vvnn):';

export function addLspciSwitches(command: Command): void {
  for (const [letter, description] of COUNTED)
    command.addOption(
      new Option(`-${letter}`, description)
        .argParser((_, before: number | undefined) => (before ?? 0) + 1)
        .helpGroup(HEADING),
    );
  command.addOption(
    new Option('-s <slot>', 'only there: [[[[DOMAIN]:]BUS]:][DEVICE][.[FUNCTION]], * for any').helpGroup(
      HEADING,
    ),
  );
  command.addOption(
    new Option('-d <ids>', 'only these: [VENDOR]:[DEVICE][:CLASS[:INTERFACE]], * for any').helpGroup(HEADING),
  );
}

/** The switches that were given, as they are written. */
export function givenSwitches(switches: LspciSwitches): readonly string[] {
  const letters: readonly (keyof LspciSwitches)[] = [...COUNTED.map(([letter]) => letter), 's', 'd'];
  return letters.filter((letter) => switches[letter] !== undefined).map((letter) => `-${letter}`);
}

/** @throws {FilterMalformedError} */
export async function lspciOptions(switches: LspciSwitches): Promise<LspciOptions> {
  const { parseDeviceFilter, parseSlotFilter } = await import('../look/lspci/filters.js');
  const { v = 0, n = 0, x = 0, m = 0, t = 0, k = 0, D = 0, P = 0, s, d } = switches;
  return {
    verbosity: v,
    ids: n === 0 ? 'names' : n === 1 ? 'numbers' : 'both',
    hex: x,
    machine: m,
    tree: t > 0,
    kernel: k > 0,
    domains: D > 0,
    path: P,
    ...(s === undefined ? {} : { slot: parseSlotFilter(s) }),
    ...(d === undefined ? {} : { device: parseDeviceFilter(d) }),
  };
}
