/** Refusals of hiding functions from the host's drivers. */
import type { PciAddress } from '../../pci/index.js';
import { OpenslotError } from '../../pci/index.js';

/** What was hidden before cannot be read: what is hidden now could not be told from it. */
export class HiddenUnreadableError extends OpenslotError {
  readonly code = 'HIDDEN_UNREADABLE';
  constructor(file: string, why: string, options?: ErrorOptions) {
    super(
      `the record of what is hidden cannot be read: ${file}: ${why}`,
      { file, why },
      `look at ${file}; moving it away forgets what was hidden, and changes no file of the boot`,
      options,
    );
  }
}

/** A system does not hide functions by a file of this kind, or the file's name does not say of which kind it is. */
export class HideFileKindError extends OpenslotError {
  readonly code = 'HIDE_FILE_KIND';
  constructor(system: string, file: string, kind: string | undefined, files: readonly string[]) {
    super(
      kind === undefined
        ? `the name of ${file} does not say what reads it, and so not what to write for ${system}`
        : `nothing that is written into ${file}, a file of the kind ${kind}, hides functions for ${system}`,
      { system, file, kind: kind ?? '', files },
      kind === undefined
        ? `--file with a name that ends like one of ${files.join(', ')}`
        : `--file with one of ${files.join(', ')}`,
    );
  }
}

/** A file names kinds of functions, and there are others of the kind that were not named. */
export class HideTakesOthersError extends OpenslotError {
  readonly code = 'HIDE_TAKES_OTHERS';
  constructor(file: string, named: readonly PciAddress[], others: readonly PciAddress[]) {
    const all = [...named, ...others].map(String);
    super(
      `${file} names functions by the ids of their kind, so ${others.join(', ')} would be taken too, and every card of the kind that is added later`,
      { file, others: others.map(String) },
      `without --file each function is hidden by its address; if all are meant: openslot hide ${all.join(' ')} --for vfio --file ${file}`,
    );
  }
}

/** The functions are another machine's, and the usual places have the boot files of this one. */
export class HideFileElsewhereError extends OpenslotError {
  readonly code = 'HIDE_FILE_ELSEWHERE';
  constructor(machine: string) {
    super(
      `the boot files of ${machine} are not those of this host`,
      { machine },
      'name the file that its boot reads: --file FILE',
    );
  }
}

/** The file is not there, and it is none that is made for this. */
export class HideFileAbsentError extends OpenslotError {
  readonly code = 'HIDE_FILE_ABSENT';
  constructor(file: string, system: string) {
    super(`${file} is not there`, { file, system }, `--file names the file that the boot of ${system} reads`);
  }
}
