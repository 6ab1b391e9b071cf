/** What FreeBSD's boot loader, and the kernel behind it, would really do with a loader.conf. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings, type BootRules } from '../boot-rule.js';
import { expectedForm, LONGEST_VALUE, pptList, protoList, type FunctionList } from './function-lists.js';
import {
  isLoaded,
  printLoaderConfig,
  readLoaderConfig,
  settingsOf,
  type LoaderLine,
  type LoaderSetting,
  type Malformation,
} from './loader-config.js';

const SKIPPED = 'the loader prints "Malformed line" and skips it';

/** stand/lua/config.lua, sys/dev/proto/proto_core.c and sys/amd64/vmm. */
export const LOADER_CONFIG_RULES = {
  SETTING_MISSING: { severity: 'error', what: 'a line that sets nothing', effect: SKIPPED },
  QUOTE_UNCLOSED: {
    severity: 'error',
    what: 'a double quote without its partner in the line',
    effect: SKIPPED,
  },
  QUOTE_SINGLE: { severity: 'error', what: 'single quotes, which quote nothing here', effect: SKIPPED },
  VALUE_UNQUOTED: {
    severity: 'error',
    what: 'a value that needs double quotes: from here on it has other than letters, digits, "-", "_" and "."',
    effect: SKIPPED,
  },
  VALUE_FOLLOWED: {
    severity: 'error',
    what: 'something behind the value that is no comment',
    effect: SKIPPED,
  },
  QUOTE_INSIDE: {
    severity: 'error',
    what: 'a double quote further on in the line, be it in a comment',
    effect:
      'the value goes on to the last quote of the line: the loader refuses a variable, and loads no module',
  },
  ESCAPE: {
    severity: 'warning',
    what: 'a backslash in the value',
    effect: 'the loader takes it away, and the character behind it as it is',
  },
  ESCAPE_AT_END: {
    severity: 'error',
    what: 'a backslash, or a "$", at the end of the value',
    effect: 'the loader prints an error, and sets nothing',
  },
  VARIABLE: {
    severity: 'warning',
    what: 'a "$" in the value',
    effect: 'the loader puts a variable of its own there; of an unknown one nothing',
  },
  SETTING_REPEATED: { severity: 'error', what: 'it is set again later', effect: 'the later value counts' },
  LOAD_VALUE: {
    severity: 'error',
    what: 'neither YES nor NO',
    effect: 'the module is not loaded; no message',
  },
  LIST_VARIABLE: {
    severity: 'error',
    what: 'a variable that nobody reads: there are pptdevs, pptdevs2 and pptdevs3',
    effect: 'the functions keep their drivers; no message',
  },
  LIST_FORM: {
    severity: 'error',
    what: 'no function has such a name',
    effect: 'the function keeps its driver; no message',
  },
  LIST_RANGE: {
    severity: 'error',
    what: 'a number that no function has',
    effect: 'it matches nothing; no message',
  },
  LIST_REST: {
    severity: 'error',
    what: 'something behind the three numbers; spaces stand between functions',
    effect: 'the kernel takes the first function and loses the rest; no message',
  },
  LIST_TOO_LONG: {
    severity: 'error',
    what: 'the value has more than 128 characters',
    effect: 'the kernel ignores variables that are too long',
  },
  DUPLICATE: {
    severity: 'warning',
    what: 'it is named before',
    effect: 'it is on the list twice, without harm',
  },
  MODULE_NOT_LOADED: {
    severity: 'warning',
    what: 'functions are named for a module that the loader does not load',
    effect: 'unless the kernel has it built in, their drivers have them by the time it comes',
  },
} as const satisfies BootRules;

type Rule = keyof typeof LOADER_CONFIG_RULES;

const MALFORMED: Readonly<Record<Malformation, Rule>> = {
  'no-setting': 'SETTING_MISSING',
  unclosed: 'QUOTE_UNCLOSED',
  'single-quotes': 'QUOTE_SINGLE',
  unquoted: 'VALUE_UNQUOTED',
  behind: 'VALUE_FOLLOWED',
};

function lint(text: ByteText): readonly BootFinding[] {
  const findings = new Findings(LOADER_CONFIG_RULES);
  const lines = readLoaderConfig(text);
  for (const { meaning } of lines)
    if (meaning.kind === 'malformed')
      findings.add(MALFORMED[meaning.why], { offset: meaning.at, length: meaning.length });
  const settings = settingsOf(lines);
  const last = new Map(settings.map((setting) => [setting.name, setting]));
  for (const setting of settings) {
    lintValue(setting, findings);
    if (setting.name !== 'exec' && last.get(setting.name) !== setting)
      findings.add('SETTING_REPEATED', { offset: setting.nameStart, length: setting.name.length });
  }
  for (const list of [protoList, pptList]) lintList(list, lines, [...last.values()], findings);
  return findings.sorted();
}

function lintValue(setting: LoaderSetting, findings: Findings<Rule>): void {
  const { name, module, value, valueStart, nameStart } = setting;
  const at = (position: number) => ({ offset: valueStart + position, length: 1 });
  const { quote, faults } = valueParts(value);
  if (quote !== undefined) findings.add('QUOTE_INSIDE', at(quote));
  // Those of modules are taken as they stand.
  else if (module === undefined && name !== 'exec')
    for (const { rule, position } of faults) findings.add(rule, at(position));
  if (module?.property === 'load' && quote === undefined && !/^(?:yes|no)$/i.test(value))
    findings.add('LOAD_VALUE', { offset: valueStart, length: value.length });
  if (/^pptdevs./.test(name) && !pptList.variables.includes(name))
    findings.add('LIST_VARIABLE', { offset: nameStart, length: name.length });
}

interface ValueParts {
  /** The first double quote that no backslash stands before. */
  readonly quote: number | undefined;
  readonly faults: readonly { readonly rule: Rule; readonly position: number }[];
}

function valueParts(value: ByteText): ValueParts {
  const faults: { rule: Rule; position: number }[] = [];
  for (let position = 0; position < value.length; position++) {
    const character = value.charAt(position);
    if (character === '"') return { quote: position, faults };
    if (character !== '\\' && character !== '$') continue;
    const ends = position === value.length - 1;
    faults.push({ rule: ends ? 'ESCAPE_AT_END' : character === '$' ? 'VARIABLE' : 'ESCAPE', position });
    if (character === '\\') position++;
  }
  return { quote: undefined, faults };
}

function lintList(
  list: FunctionList,
  lines: readonly LoaderLine[],
  settings: readonly LoaderSetting[],
  findings: Findings<Rule>,
): void {
  const seen = new Set<string>();
  for (const { name, nameStart, value, valueStart } of settings) {
    if (!list.variables.includes(name)) continue;
    if (value.length > LONGEST_VALUE)
      findings.add('LIST_TOO_LONG', {
        offset: valueStart + LONGEST_VALUE,
        length: value.length - LONGEST_VALUE,
      });
    if (!isLoaded(lines, list.module) && list.read(value).length > 0)
      findings.add(
        'MODULE_NOT_LOADED',
        { offset: nameStart, length: name.length },
        `${list.module}_load="YES" is missing`,
      );
    for (const entry of list.read(value)) {
      const span = { offset: valueStart + entry.start, length: entry.text.length };
      if (entry.fault === 'form') findings.add('LIST_FORM', span, expectedForm(list, entry));
      if (entry.fault === 'range') findings.add('LIST_RANGE', span);
      if (entry.fault === 'rest-lost') findings.add('LIST_REST', span);
      if (entry.address === undefined) continue;
      const address = String(entry.address);
      if (seen.has(address)) findings.add('DUPLICATE', span);
      seen.add(address);
    }
  }
}

export const freebsdLoaderConfig: BootFileKind = {
  name: 'loader.conf',
  reader: "FreeBSD's boot loader",
  recognises: (path) => /(?:^|\/)loader\.conf(?:\.local|\.d\/[^/]+\.conf)?$/.test(path),
  lint,
  print: (text) => printLoaderConfig(readLoaderConfig(text)),
};
