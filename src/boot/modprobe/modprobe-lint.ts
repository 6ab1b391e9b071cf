/** What modprobe makes of a file of modprobe.d, line by line, and the kind of boot file. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings } from '../boot-rule.js';
import { hideListFindings, inAscii } from '../hide-list-in-file.js';
import { parseLinuxHideList } from '../linux-hide-list.js';
import { scanHex } from '../scanf.js';
import type { LogicalLine } from './logical-line.js';
import {
  printModprobe,
  readModprobe,
  type BadLine,
  type LinePart,
  type ModprobeLine,
  type ModprobeMeaning,
} from './modprobe-file.js';
import { MODPROBE_RULES, type ModprobeRule } from './modprobe-rules.js';
import { moduleOptions, type ModuleOption } from './module-options.js';

type Command = Extract<ModprobeMeaning, { kind: 'command' }>;

const BAD: Readonly<Record<BadLine, ModprobeRule>> = {
  unknown: 'COMMAND_UNKNOWN',
  deprecated: 'COMMAND_DEPRECATED',
  'no-module': 'MODULE_MISSING',
  brackets: 'BRACKETS',
  'nothing-behind': 'NOTHING_BEHIND',
};

/** Which option of which module is a list of functions to be taken. */
const LISTS: Readonly<Record<string, string>> = { vfio_pci: 'ids', xen_pciback: 'hide' };

/** An option with its line; `start` and `end` count in the logical line. */
interface PlacedOption {
  readonly module: string;
  readonly line: LogicalLine;
  readonly option: ModuleOption;
  /** Of the options in the logical line. */
  readonly base: number;
}

class Linter {
  readonly findings = new Findings(MODPROBE_RULES);
  readonly #options: PlacedOption[] = [];
  /** Modules that others wait for. */
  readonly #early = new Set<string>();

  line({ line, meaning }: ModprobeLine): void {
    this.#characters(line, meaning);
    if (meaning.kind === 'comment' && line.joints[0] !== undefined)
      this.findings.add('COMMENT_GOES_ON', { offset: line.joints[0], length: 1 });
    else if (meaning.kind === 'bad') this.#badLine(line, meaning.word, meaning.why);
    else if (meaning.kind === 'command') this.#command(line, meaning);
  }

  end(): void {
    const seen = new Map<string, PlacedOption>();
    for (const placed of this.#options) {
      const { module, option } = placed;
      const before = seen.get(`${module} ${option.name}`);
      if (before !== undefined)
        this.#about(before, LISTS[module] === option.name ? 'LIST_REPLACED' : 'OPTION_REPEATED');
      seen.set(`${module} ${option.name}`, placed);
    }
    for (const [module, name] of Object.entries(LISTS)) {
      const list = seen.get(`${module} ${name}`);
      if (list === undefined) continue;
      if (module === 'vfio_pci') this.#about(list, 'IDS_BY_KIND');
      if (!this.#early.has(module)) this.#about(list, 'LOADED_LATE');
    }
  }

  #characters(line: LogicalLine, meaning: ModprobeMeaning): void {
    if (meaning.kind === 'comment') return;
    for (const at of line.lost) this.findings.add('BACKSLASH_LOST', { offset: at, length: 1 });
    const nul = line.text.indexOf('\0');
    if (nul >= 0) this.findings.add('NUL_ENDS', { offset: line.offset + nul, length: 1 });
    // To the kernel it is white space between options.
    if (meaning.kind === 'nothing' || (meaning.kind === 'command' && meaning.verb === 'options')) return;
    const carriage = line.text.indexOf('\r');
    if (carriage >= 0) this.findings.add('CARRIAGE_RETURN', { offset: line.offset + carriage, length: 1 });
  }

  #badLine(line: LogicalLine, word: LinePart, why: BadLine): void {
    const comment = why === 'unknown' && word.text.startsWith('#');
    this.#add(comment ? 'COMMENT_INDENTED' : BAD[why], line, word);
  }

  #command(line: LogicalLine, { verb, module, rest }: Command): void {
    if (verb === 'blacklist') this.#tooMany(line, rest);
    else if (verb === 'softdep') this.#softdep(line, rest);
    else if (verb === 'options') this.#moduleOptions(line, module, rest);
  }

  #tooMany(line: LogicalLine, rest: LinePart): void {
    const [word] = wordsOf(rest);
    if (word !== undefined && !word.text.startsWith('#')) this.#add('WORD_LEFT_OUT', line, word);
  }

  #softdep(line: LogicalLine, rest: LinePart): void {
    let when: string | undefined;
    for (const word of wordsOf(rest)) {
      if (word.text === 'pre:' || word.text === 'post:') when = word.text;
      else if (word.text.startsWith('#')) return void this.#add('COMMENT_IN_SOFTDEP', line, word);
      else if (when === undefined) this.#add('SOFTDEP_UNSAID', line, word);
      else if (when === 'pre:') this.#early.add(word.text.replaceAll('-', '_'));
    }
  }

  #moduleOptions(line: LogicalLine, module: string, rest: LinePart): void {
    for (const option of moduleOptions(rest.text)) {
      const placed = { module, line, option, base: rest.start };
      if (option.name.startsWith('#')) return void this.#about(placed, 'COMMENT_IN_OPTIONS');
      if (option.unclosed) this.#about(placed, 'QUOTE_UNCLOSED');
      this.#options.push(placed);
      if (option.value === undefined || LISTS[module] !== option.name) continue;
      const list = { text: option.value, start: rest.start + option.valueStart };
      if (module === 'vfio_pci') this.#ids(line, list);
      else this.#hideList(line, list);
    }
  }

  #ids(line: LogicalLine, list: LinePart): void {
    let start = list.start;
    for (const text of list.text.split(',')) {
      const ids = idNumbers(text);
      // vfio-pci passes over what is empty.
      if (text !== '' && ids.length < 2) this.#add('ID_MALFORMED', line, { text, start });
      else if (ids.slice(0, 4).some((id, each) => id > 0xffff && !(each >= 2 && id === 0xffff_ffff)))
        this.#add('ID_WIDE', line, { text, start });
      start += text.length + 1;
    }
  }

  #hideList(line: LogicalLine, { text, start }: LinePart): void {
    const list = parseLinuxHideList({ value: inAscii(text), start: 0 });
    const at = (position: number) =>
      position < text.length
        ? line.span(start + position, start + position).offset
        : line.behind(start + position);
    this.findings.include(hideListFindings(list, at));
  }

  #about({ line, option, base }: PlacedOption, code: ModprobeRule): void {
    this.findings.add(code, line.span(base + option.start, base + option.end));
  }

  #add(code: ModprobeRule, line: LogicalLine, { text, start }: LinePart): void {
    this.findings.add(code, line.span(start, start + text.length));
  }
}

function wordsOf({ text, start }: LinePart): readonly LinePart[] {
  return [...text.matchAll(/[^ \t]+/g)].map(({ 0: word, index }) => ({ text: word, start: start + index }));
}

/** As the kernel's sscanf reads `%x:%x:%x:%x:%x:%x`: the numbers up to where the text leaves that form. */
function idNumbers(text: string): readonly number[] {
  const numbers: number[] = [];
  for (let at = 0; numbers.length < 6; at++) {
    const number = scanHex(text, at);
    if (number === undefined) break;
    numbers.push(number.value >>> 0);
    at = number.end;
    if (text.charAt(at) !== ':') break;
  }
  return numbers;
}

function lint(text: ByteText, path?: string): readonly BootFinding[] {
  const linter = new Linter();
  const name = path?.slice(path.lastIndexOf('/') + 1);
  if (name !== undefined && !/^[^.].*\.(conf|alias)$/.test(name))
    linter.findings.add('FILE_NAME', { offset: 0, length: 0 }, name);
  for (const line of readModprobe(text)) linter.line(line);
  linter.end();
  return linter.findings.sorted();
}

export const modprobeFile: BootFileKind = {
  name: 'modprobe.d',
  reader: 'modprobe',
  recognises: (path) => /(^|\/)modprobe\.d\/[^/]+$/.test(path),
  lint,
  print: (text) => printModprobe(readModprobe(text)),
};
