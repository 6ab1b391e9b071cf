/** What hiding functions, or showing them again, changes: the files before and after, and the steps. */
import { join, resolve } from 'node:path';
import {
  BootFileUneditableError,
  DRIVERCTL_FOLDER,
  driverctlDriver,
  driverctlFileName,
  hiddenText,
  type ByteText,
  type HiddenFunction,
} from '../../boot/index.js';
import type { Change, Step } from '../../change/index.js';
import { messageOf, type PciAddress } from '../../pci/index.js';
import { replacement, standingFile, type StandingFile } from '../files/index.js';
import { HiddenUnreadableError, HideFileAbsentError, HideTakesOthersError } from './errors.js';
import { withHidden, withoutHidden, type HiddenEntry } from './hidden-records.js';
import type { FreebsdKeeper, HideSystem } from './hide-system.js';
import { hideWay } from './hide-systems.js';

export interface HideWish {
  readonly way: 'hide' | 'unhide';
  readonly system: HideSystem;
  /** Undefined: the system's own. */
  readonly file: string | undefined;
  readonly keeper: FreebsdKeeper;
  readonly functions: readonly (HiddenFunction & { readonly name: string })[];
  /** What else is on the machine; undefined where the file is another machine's. */
  readonly present: readonly HiddenFunction[] | undefined;
  /** ISO 8601. */
  readonly when: string;
  /** Of the records of what is hidden; undefined: it is hidden from another machine, whose boots nobody here sees. */
  readonly records: string | undefined;
}

/** One file as it is and as it would be. */
export interface FileEdit {
  readonly file: StandingFile;
  /** Null: the file goes. */
  readonly after: ByteText | null;
}

export interface HidePlan {
  readonly change: Change;
  /** Those that change anything. */
  readonly edits: readonly FileEdit[];
  /** Commands that make it count, in order. */
  readonly afterwards: readonly string[];
}

const VFIO_DRIVER = 'vfio-pci';

/**
 * Nothing is changed yet.
 * @throws {OpenslotError} the file has no place for it, or its reader would not do it.
 */
export function planHide(wish: HideWish): HidePlan {
  const { way, system, functions, records, when } = wish;
  const byAddress = system === 'vfio' && (wish.file === undefined || wish.file.endsWith('driverctl.d'));
  const { edits, afterwards, file } = byAddress ? driverctlEdits(wish) : fileEdit(wish);
  const changing = edits.filter((edit) => edit.after !== edit.file.contents);
  const addresses = functions.map(({ address }) => String(address));
  const entry = { when, for: system, file, addresses, names: functions.map(({ name }) => name) };
  // What was hidden already is not hidden anew: the boot that it counts from is an earlier one.
  const isRecorded = changing.length > 0 || way === 'unhide';
  return {
    change: {
      what: `${way} ${addresses.join(' ')} for ${system}`,
      steps: [
        ...changing.map((edit) => replacement(edit.file, edit.after)),
        ...(isRecorded && records !== undefined ? recording(records, way, entry) : []),
      ],
    },
    edits: changing,
    afterwards: changing.length === 0 ? [] : afterwards,
  };
}

/** @throws {HiddenUnreadableError} */
function recording(records: string, way: HideWish['way'], entry: HiddenEntry): readonly Step[] {
  const record = standingFile(records);
  let recorded: ByteText | null;
  try {
    recorded = (way === 'hide' ? withHidden : withoutHidden)(record.contents, entry);
  } catch (cause) {
    throw new HiddenUnreadableError(record.named, messageOf(cause), { cause });
  }
  return recorded === record.contents ? [] : [replacement(record, recorded, { keep: false })];
}

interface PlannedEdits {
  readonly edits: readonly FileEdit[];
  readonly afterwards: readonly string[];
  /** As it is recorded. */
  readonly file: string;
}

function fileEdit({ way, system, file: named, keeper, functions, present }: HideWish): PlannedEdits {
  const { editor, file: usual, isMade, byKind, afterwards } = hideWay(system, named, keeper);
  const file = standingFile(named ?? usual);
  if (file.contents === null && (!isMade || way === 'unhide'))
    throw new HideFileAbsentError(file.named, system);
  if (byKind && way === 'hide') refuseOthers(file.named, functions, present ?? []);
  const text = hiddenText(editor, file.contents ?? '', functions, way);
  // An empty file is what was made for this alone.
  const after = text === '' && file.contents !== '' ? null : text;
  return { edits: [{ file, after }], afterwards, file: file.path };
}

/** @throws {HideTakesOthersError} */
function refuseOthers(
  file: string,
  functions: readonly HiddenFunction[],
  present: readonly HiddenFunction[],
): void {
  const isNamed = (address: PciAddress) => functions.some((which) => which.address.equals(address));
  const others = present.filter(
    ({ address, ids }) =>
      !isNamed(address) &&
      functions.some((which) => which.ids?.vendor === ids?.vendor && which.ids?.device === ids?.device),
  );
  if (others.length > 0)
    throw new HideTakesOthersError(
      file,
      functions.map(({ address }) => address),
      others.map(({ address }) => address),
    );
}

/** A file of driverctl for each function: by its address, and by nothing else. */
function driverctlEdits({ way, file: folder = DRIVERCTL_FOLDER, functions }: HideWish): PlannedEdits {
  const edits = functions.map(({ address }) => {
    const file = standingFile(join(folder, driverctlFileName(address)));
    const driver = driverctlDriver(file.contents ?? '');
    if (way === 'hide' && driver !== undefined && driver !== VFIO_DRIVER)
      throw new BootFileUneditableError(
        'file of driverctl',
        `${file.named} gives ${address} to ${driver} already`,
        undefined,
        `driverctl unset-override ${address}; then: openslot hide ${address} --for vfio`,
      );
    if (way === 'hide') return { file, after: driver === undefined ? `${VFIO_DRIVER}\n` : file.contents };
    return { file, after: driver === VFIO_DRIVER ? null : file.contents };
  });
  const claim = `openslot claim --for vfio ${functions.map(({ address }) => String(address)).join(' ')}`;
  return {
    edits,
    afterwards: [way === 'hide' ? `reboot; until then: ${claim}` : 'reboot'],
    file: resolve(folder),
  };
}
