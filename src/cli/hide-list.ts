/** `openslot hide-list`: what NetBSD or Linux reads in a hide list, and the same list for the other one. */
import { Option, type Command } from 'commander';
import {
  certainDialect,
  describeHideFinding,
  expandPatterns,
  HideListUnsoundError,
  hideGrammars,
  HideNotationError,
  isSound,
  patternMatches,
  patternText,
  type HideDialect,
  type HideElement,
  type HideList,
} from '../boot/index.js';
import type { FunctionSummary } from '../function/index.js';
import { visibleText } from '../pci/index.js';

interface HideListOptions {
  from?: HideDialect;
  to?: HideDialect;
  commandLine?: boolean;
  on?: string;
  json?: boolean;
}

const SYSTEMS = ['netbsd', 'linux'] as const;
const NAMES: Readonly<Record<HideDialect, string>> = { netbsd: 'NetBSD', linux: 'Linux' };

export function define(command: Command): void {
  command
    .addOption(
      new Option(
        '--from <system>',
        'whose boot option the text is; needed unless it holds xen-pciback.hide=',
      ).choices(SYSTEMS),
    )
    .addOption(new Option('--to <system>', 'print the list for this system').choices(SYSTEMS))
    .option('--command-line', 'the text is a whole command line of a kernel, with or without the option')
    .option('--on <machine>', 'look which functions are there: linux, sim')
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
TEXT is a list, or holds the option pciback.hide= or xen-pciback.hide=; without TEXT it is read from standard input. Each system reads it in its own way: NetBSD keeps good elements before a bad one, skips some bad ones, and does not
boot with others; Linux hides nothing at all where one element is bad. docs/hide.md has both grammars.

A list with wildcards is written for NetBSD from the functions of a machine: --on linux. The exit code is 0 where the
system does what the list says, 1 where it does not.

Examples:
  openslot hide-list --from netbsd '(0a:00.0)(0a:00.1)'
  openslot hide-list --from linux --to netbsd --on linux '(0a:00.*)'
  openslot hide-list --from linux --command-line < /proc/cmdline`,
    )
    .action(hideList);
}

async function hideList(given: string | undefined, options: HideListOptions): Promise<void> {
  const text = given ?? (await standardInput());
  const from = options.from ?? certainDialect(text);
  if (from === undefined) throw new HideNotationError();
  const grammar = hideGrammars[from];
  const list = options.commandLine === true ? grammar.parseCommandLine(text) : grammar.parse(text);
  const functions = options.on === undefined ? undefined : await functionsOn(options.on);
  // A part of a list is no conversion of it.
  if (options.to !== undefined && !isSound(list)) throw new HideListUnsoundError(list);
  const converted = options.to === undefined ? undefined : convert(list, options.to, functions);
  if (options.json) printData(list, functions, options.to, converted);
  else if (converted !== undefined) {
    process.stdout.write(`${converted}\n`);
    process.stderr.write(findingLines(list));
  } else await printList(list, functions);
  if (!isSound(list)) process.exitCode = 1;
}

/** The line's end is not the list's. */
async function standardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
  return text.replace(/\r?\n$/, '');
}

async function functionsOn(on: string): Promise<readonly FunctionSummary[]> {
  const { viewMachine } = await import('./machine-view.js');
  return (await viewMachine({ on })).functions;
}

/** @throws {HideListLimitError} */
function convert(list: HideList, to: HideDialect, functions: readonly FunctionSummary[] | undefined): string {
  const present = functions?.map(({ address }) => address);
  return hideGrammars[to].format(present === undefined ? list.claims : expandPatterns(list.claims, present));
}

function presentOf(
  { pattern }: HideElement,
  functions: readonly FunctionSummary[],
): readonly FunctionSummary[] {
  return pattern === undefined ? [] : functions.filter(({ address }) => patternMatches(pattern, address));
}

/** Linux matches a function also by the bridges above it. */
function presentText({ address, driver, headerType }: FunctionSummary, dialect: HideDialect): string {
  if (headerType !== 1) return `${address} (${driver ?? 'no driver'})`;
  return `${address} (a bridge${dialect === 'linux' ? ', with all behind it' : ''})`;
}

function findingLines({ dialect, findings }: HideList): string {
  return findings
    .map((finding) => `${finding.severity} ${finding.code}: ${describeHideFinding(dialect, finding)}\n`)
    .join('');
}

async function printList(list: HideList, functions: readonly FunctionSummary[] | undefined): Promise<void> {
  const { printTable } = await import('./table.js');
  const head = ['COLUMN', 'ELEMENT', 'READ AS', ...(functions === undefined ? [] : ['THERE'])];
  const rows = list.elements.map((element) => {
    const row = [
      String(element.position + 1),
      visibleText(element.text),
      element.pattern === undefined ? 'nothing' : patternText(element.pattern),
    ];
    if (functions === undefined) return row;
    const there = presentOf(element, functions).map((summary) => presentText(summary, list.dialect));
    return [...row, there.length === 0 ? '-' : there.join(', ')];
  });
  if (rows.length > 0) printTable(head, rows);
  const claims = list.claims.length === 0 ? 'nothing' : list.claims.map(patternText).join(', ');
  process.stdout.write(
    `${NAMES[list.dialect]} hides ${claims}${list.backEnd ? '' : '; there is no back end for guests'}\n${findingLines(list)}`,
  );
}

function printData(
  list: HideList,
  functions: readonly FunctionSummary[] | undefined,
  to: HideDialect | undefined,
  converted: string | undefined,
): void {
  const { dialect, value, elements, claims, backEnd, findings } = list;
  const data = {
    from: dialect,
    value,
    elements: elements.map((element) => ({
      text: element.text,
      position: element.position,
      readAs: element.pattern === undefined ? null : patternText(element.pattern),
      ...(functions === undefined
        ? {}
        : { there: presentOf(element, functions).map(({ address }) => String(address)) }),
    })),
    hides: claims.map(patternText),
    backEnd,
    findings: findings.map((finding) => ({ ...finding, message: describeHideFinding(dialect, finding) })),
    sound: isSound(list),
    ...(converted === undefined ? {} : { to, converted }),
  };
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}
