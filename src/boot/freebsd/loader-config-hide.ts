/** Functions hidden in a loader.conf: from all drivers but proto(4), or but bhyve's ppt. */
import type { PciAddress } from '../../pci/index.js';
import { addLines, isAddedLine, removeLines } from '../added-lines.js';
import { lineAndColumn, type ByteText, type TextEdit } from '../boot-file.js';
import { BootFileUneditableError } from '../errors.js';
import type { HiddenFunction, HideEditor } from '../hide-editor.js';
import {
  LONGEST_VALUE,
  pptList,
  protoList,
  type FunctionList,
  type ListedFunction,
} from './function-lists.js';
import { freebsdLoaderConfig } from './loader-config-lint.js';
import {
  isLoaded,
  readLoaderConfig,
  settingNamed,
  type LoaderLine,
  type LoaderSetting,
} from './loader-config.js';

interface GivenList {
  readonly setting: LoaderSetting;
  readonly entries: readonly ListedFunction[];
}

function given(list: FunctionList, lines: readonly LoaderLine[]): readonly GivenList[] {
  return list.variables.flatMap((name) => {
    const setting = settingNamed(lines, name);
    return setting === undefined ? [] : [{ setting, entries: list.read(setting.value) }];
  });
}

function isAt(address: PciAddress): (entry: ListedFunction) => boolean {
  return (entry) => entry.address !== undefined && entry.address.equals(address);
}

/** @throws {BootFileUneditableError} the list has no way to name the function. */
function nameOf(list: FunctionList, address: PciAddress): string {
  const name = list.write(address);
  if (name === undefined)
    throw new BootFileUneditableError(
      freebsdLoaderConfig.name,
      `${address} is in a domain other than 0, and ${list.variables.join(', ')} know none`,
    );
  return name;
}

/** The list's own lines, as they are added where there are none. */
function hide(list: FunctionList, text: ByteText, functions: readonly HiddenFunction[]): readonly TextEdit[] {
  const lines = readLoaderConfig(text);
  const lists = given(list, lines);
  const there = lists.flatMap(({ entries }) => entries);
  const missing = functions.filter(({ address }) => !there.some(isAt(address)));
  const names = missing.map(({ address }) => nameOf(list, address));
  if (missing.length > 0 && there.length > 0 && !isLoaded(lines, list.module))
    throw new BootFileUneditableError(
      freebsdLoaderConfig.name,
      `functions are named for ${list.module} already, and the loader does not load it`,
      undefined,
      `add ${list.module}_load="YES" to it; where the kernel has it built in, that does no harm`,
    );
  const edits: TextEdit[] = [];
  const added: string[] = [];
  for (const { setting } of lists) {
    const fitting: string[] = [];
    const value = () => [setting.value.replace(/[ \t]+$/, ''), ...fitting].filter((part) => part !== '');
    while (names[0] !== undefined && [...value(), names[0]].join(list.separator).length <= LONGEST_VALUE)
      fitting.push(...names.splice(0, 1));
    if (fitting.length > 0) edits.push(addition(list, text, setting, fitting));
  }
  const unused = list.variables.filter((name) => settingNamed(lines, name) === undefined);
  while (names.length > 0) {
    const variable = unused.shift();
    if (variable === undefined)
      throw new BootFileUneditableError(
        freebsdLoaderConfig.name,
        `${list.variables.join(', ')} have at most ${LONGEST_VALUE} characters each, and ${names.length} of the functions do not fit`,
      );
    const fitting: string[] = [];
    while (names[0] !== undefined && [...fitting, names[0]].join(list.separator).length <= LONGEST_VALUE)
      fitting.push(...names.splice(0, 1));
    added.push(`${variable}="${fitting.join(list.separator)}"`);
  }
  if (missing.length > 0 && !isLoaded(lines, list.module)) added.push(`${list.module}_load="YES"`);
  const line = added.length === 0 ? [] : [addLines(text, added)];
  return [...edits, ...line];
}

function addition(
  { separator }: FunctionList,
  text: ByteText,
  { value, valueStart, quoted, nameStart }: LoaderSetting,
  names: readonly string[],
): TextEdit {
  if (!quoted)
    throw new BootFileUneditableError(
      freebsdLoaderConfig.name,
      'the value has no double quotes around it',
      lineAndColumn(text, nameStart).line,
    );
  const end = value.replace(/[ \t]+$/, '').length;
  return {
    offset: valueStart + end,
    length: 0,
    text: `${end === 0 ? '' : separator}${names.join(separator)}`,
  };
}

/** Entries go with the separator before them, a line that {@link hide} added goes with its last entry. */
function unhide(
  list: FunctionList,
  text: ByteText,
  functions: readonly HiddenFunction[],
): readonly TextEdit[] {
  const lines = readLoaderConfig(text);
  const lists = given(list, lines);
  const edits: TextEdit[] = [];
  const gone: LoaderLine[] = [];
  let left = 0;
  for (const { setting, entries } of lists) {
    const going = entries.filter((entry) => functions.some(({ address }) => isAt(address)(entry)));
    left += entries.length - going.length;
    const line = lines.find(({ meaning }) => meaning === setting);
    if (going.length > 0 && going.length === entries.length && line !== undefined && isAddedLine(line.text))
      gone.push(line);
    else edits.push(...removals(list, setting, going));
  }
  if (left === 0)
    gone.push(
      ...lines.filter(
        ({ meaning, text: line }) =>
          meaning.kind === 'setting' && meaning.name === `${list.module}_load` && isAddedLine(line),
      ),
    );
  return [
    ...edits,
    ...removeLines(
      text,
      gone.toSorted((a, b) => a.start - b.start),
    ),
  ];
}

function removals(
  { separator }: FunctionList,
  { value, valueStart }: LoaderSetting,
  going: readonly ListedFunction[],
): readonly TextEdit[] {
  let done = 0;
  return going.map(({ start, text }) => {
    const to = start + text.length;
    // With nothing left before it, an entry goes with the separator behind it.
    const isFirst = start === done;
    const from = isFirst ? start : start - separator.length;
    done = isFirst && value.startsWith(separator, to) ? to + separator.length : to;
    return { offset: valueStart + from, length: done - from, text: '' };
  });
}

function editorFor(list: FunctionList): HideEditor {
  return {
    kind: freebsdLoaderConfig,
    hides: (text, { address }) => {
      const lines = readLoaderConfig(text);
      return given(list, lines).some(({ entries }) => entries.some(isAt(address)));
    },
    hide: (text, functions) => hide(list, text, functions),
    unhide: (text, functions) => unhide(list, text, functions),
  };
}

/** By `hw.proto.attach` and `proto_load`, for proto(4). */
export const protoHide: HideEditor = editorFor(protoList);
/** By `pptdevs` and `vmm_load`, for guests of bhyve. */
export const pptHide: HideEditor = editorFor(pptList);
