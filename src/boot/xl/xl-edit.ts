/** Edits of an xl.cfg: entries of pci=[…] and the pci_* settings, with everything else left as it is. */
import { editText, type ByteText } from '../boot-file.js';
import { UnwritableValueError } from '../errors.js';
import type { PciDefault } from './xl-config-pci.js';
import { XlConfig, type XlList, type XlSetting, type XlText } from './xl-config.js';

const FILE = 'an xl.cfg';

/** An entry of the `pci` that counts: of the last assignment, and of what is added to it. */
interface Entry {
  readonly item: XlText;
  readonly list: XlList;
  readonly setting: XlSetting;
  readonly index: number;
}

/**
 * Adds an entry to `pci`, behind the last one and as that one is written, or in a line of its own at the end.
 * `source` is the file's name, for errors.
 * @throws {XlConfigError} the file is none, or `pci` is no list.
 * @throws {UnwritableValueError}
 */
export function addPciEntry(text: ByteText, spec: string, source: string): ByteText {
  if (!/^[\x20-\x7e]+$/.test(spec) || /['"\\]/.test(spec))
    throw new UnwritableValueError(FILE, spec, 'it is no specification of a function');
  const config = XlConfig.parse(text, source);
  const list = countingLists(config).at(-1)?.list;
  if (list === undefined) return withLine(text, `pci = [ '${spec}' ]`);
  const last = list.items.at(-1);
  if (last === undefined) return insert(text, list.at.offset + 1, `'${spec}'`);
  const quote = text.charAt(last.at.offset) === '"' ? '"' : "'";
  const before = list.items.at(-2);
  const gap = before === undefined ? ', ' : text.slice(before.end, last.at.offset);
  // Each on its line: the next one too.
  const separator = /^,[ \t]*\r?\n[ \t]*$/.test(gap) ? gap : ', ';
  return insert(text, last.end, `${separator}${quote}${spec}${quote}`);
}

/** The specifications that count, in their order. @throws {XlConfigError} */
export function pciEntries(text: ByteText, source: string): readonly string[] {
  return entriesOf(XlConfig.parse(text, source)).map(({ item }) => item.text);
}

/**
 * Takes entries out of `pci`: all that `matches` says. A comment behind one, in a line of its own with it, goes too.
 * @throws {XlConfigError}
 */
export function removePciEntries(
  text: ByteText,
  matches: (spec: string) => boolean,
  source: string,
): ByteText {
  let left = text;
  for (;;) {
    const config = XlConfig.parse(left, source);
    const entry = entriesOf(config).find(({ item }) => matches(item.text));
    if (entry === undefined) return left;
    left = without(left, entry, config);
  }
}

/**
 * Sets one of the settings that are the defaults of all entries; undefined takes it away, wherever it stands.
 * @throws {XlConfigError}
 * @throws {UnwritableValueError}
 */
export function setPciDefault(
  text: ByteText,
  name: PciDefault,
  value: boolean | undefined,
  source: string,
): ByteText {
  const { settings } = XlConfig.parse(text, source);
  const given = settings.filter((setting) => setting.name === name);
  if (value === undefined)
    return given.toReversed().reduce((left, setting) => withoutSetting(left, setting), text);
  const last = given.at(-1);
  if (last === undefined) return withLine(text, `${name} = ${value ? 1 : 0}`);
  if (last.operator === '+=')
    throw new UnwritableValueError(FILE, name, 'it is put together by += there, and not one value');
  const { at, end } = last.value;
  return editText(text, [{ offset: at.offset, length: end - at.offset, text: value ? '1' : '0' }]);
}

function insert(text: ByteText, offset: number, added: ByteText): ByteText {
  return editText(text, [{ offset, length: 0, text: added }]);
}

/** A last line without an end stays one: what is added can be taken away again. */
function withLine(text: ByteText, line: ByteText): ByteText {
  return text === '' || text.endsWith('\n') ? `${text}${line}\n` : `${text}\n${line}`;
}

function countingLists(config: XlConfig): readonly { list: XlList; setting: XlSetting }[] {
  const settings = config.settings.filter(({ name }) => name === 'pci');
  const first = settings.findLastIndex(({ operator }) => operator === '=');
  return settings.slice(Math.max(first, 0)).map((setting) => {
    if (setting.value.kind === 'text') throw config.fault(setting.value, 'pci must be a list: pci = [ ... ]');
    return { list: setting.value, setting };
  });
}

function entriesOf(config: XlConfig): readonly Entry[] {
  return countingLists(config).flatMap(({ list, setting }) =>
    list.items.map((item, index) => {
      if (item.kind === 'list') throw config.fault(item, 'a list inside of pci');
      return { item, list, setting, index };
    }),
  );
}

function without(text: ByteText, { item, list, setting, index }: Entry, config: XlConfig): ByteText {
  const cut = (from: number, to: number) => editText(text, [{ offset: from, length: to - from, text: '' }]);
  const before = list.items[index - 1];
  const after = list.items[index + 1];
  const comma = commaBehind(text, item.end);
  if (before === undefined && after === undefined) {
    const alone = config.settings.filter(({ name }) => name === 'pci').length === 1;
    // A list that was empty before stays, and so does one that hides an earlier one.
    const ownLine = item.at.offset > list.at.offset + 1;
    return alone && ownLine ? withoutSetting(text, setting) : cut(item.at.offset, comma ?? item.end);
  }
  const gapBefore = before === undefined ? '' : text.slice(before.end, item.at.offset);
  // A comment before it is not this entry's, and what stands behind it must not move into it.
  if (after === undefined)
    return gapBefore.includes('#')
      ? cut(item.at.offset, comma ?? item.end)
      : cut(before?.end ?? item.at.offset, item.end);
  const behind = comma ?? item.end;
  const gapBehind = text.slice(behind, after.at.offset);
  if (!gapBehind.includes('\n')) return cut(item.at.offset, after.at.offset);
  const lineStart = text.lastIndexOf('\n', item.at.offset - 1) + 1;
  if (lineStart > list.at.offset && text.slice(lineStart, item.at.offset).trim() === '')
    return cut(lineStart, text.indexOf('\n', behind) + 1);
  return before === undefined || gapBefore.includes('#')
    ? cut(item.at.offset, behind)
    : cut(before.end, item.end);
}

/** Behind the comma that follows, over blanks, line ends and comments; undefined where none does. */
function commaBehind(text: ByteText, from: number): number | undefined {
  const comma = /(?:[ \t\n]|#.*\n)*,/y;
  comma.lastIndex = from;
  return comma.test(text) ? comma.lastIndex : undefined;
}

/** With its line where nothing else stands on it. */
function withoutSetting(text: ByteText, { at, end }: XlSetting): ByteText {
  const cut = (from: number, to: number) => editText(text, [{ offset: from, length: to - from, text: '' }]);
  const lineStart = text.lastIndexOf('\n', at.offset - 1) + 1;
  const newline = text.indexOf('\n', end);
  const lineEnd = newline < 0 ? text.length : newline;
  const alone =
    text.slice(lineStart, at.offset).trim() === '' && /^[ \t]*(#.*)?$/.test(text.slice(end, lineEnd));
  // Between others on its line the separators stay: empty settings are none.
  if (!alone) return cut(at.offset, end);
  if (newline >= 0) return cut(lineStart, newline + 1);
  return cut(Math.max(lineStart - 1, 0), text.length);
}
