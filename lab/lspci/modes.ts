/** The ways in which lspci is asked, each with what it means to our own text. */
import { PLAIN, type LspciOptions } from '../../src/look/lspci/index.js';

/** Every verbosity, every style of ids, each kind of text, and what people combine. */
export const MODES: readonly (readonly string[])[] = [
  [],
  ...['-v', '-vv', '-vvv', '-n', '-nn', '-x', '-xxx', '-xxxx', '-t', '-tv', '-k', '-D'].map((one) => [one]),
  ...['-m', '-mm', '-vm', '-vmm', '-tn', '-tnn', '-tvv', '-tvnn', '-kv', '-kvvv'].map((one) => [one]),
  ...[
    '-vvv -n',
    '-vvv -nn',
    '-v -nn -D',
    '-vvv -nn -D -k',
    '-vv -x',
    '-vvv -xxxx',
    '-n -x',
    '-mm -n',
    '-mm -nn',
    '-mm -D',
    '-vmm -n',
    '-vmm -nn',
    '-vmm -k',
    '-vmm -nn -k -D',
    '-t -D',
    '-tv -D',
  ].map((words) => words.split(' ')),
];

/** The modes whose text is of the registers; the others say the same of every space that names the same device. */
export const DECODING: readonly (readonly string[])[] = [['-v'], ['-vv'], ['-vvv']];

/** What these switches ask of our text. They may stand together as lspci's may: `-vvnn`. */
export function optionsOf(args: readonly string[]): LspciOptions {
  const letters = args.map((one) => one.slice(1)).join('');
  const count = (letter: string) => letters.split(letter).length - 1;
  return {
    ...PLAIN,
    verbosity: Math.min(count('v'), 3),
    ids: (['names', 'numbers', 'both'] as const)[count('n')] ?? 'both',
    hex: count('x'),
    machine: count('m'),
    tree: letters.includes('t'),
    kernel: letters.includes('k'),
    domains: letters.includes('D'),
  };
}
