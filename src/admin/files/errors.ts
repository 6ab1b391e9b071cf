/** Refusals of files that are changed for an administrator. */
import { OpenslotError } from '../../pci/index.js';

/** A file cannot be written where it stands; it is as it was. */
export class FileNotWrittenError extends OpenslotError {
  readonly code = 'FILE_NOT_WRITTEN';
  constructor(file: string, why: string, options?: ErrorOptions) {
    super(
      `${file} cannot be written: ${why}; it is as it was`,
      { file, why },
      why === 'ENOSPC' || why === 'EDQUOT'
        ? `make room on the file system of ${file}`
        : why === 'EROFS'
          ? `mount the file system of ${file} writable`
          : why === 'EACCES' || why === 'EPERM'
            ? 'run the command as root; lsattr shows whether the file is immutable'
            : '',
      options,
    );
  }
}

/** Somebody else changed the file since it was read: what is there now is not overwritten. */
export class FileChangedError extends OpenslotError {
  readonly code = 'FILE_CHANGED';
  constructor(file: string) {
    super(
      `${file} was changed meanwhile, and is left as it is now`,
      { file },
      'look at it, and give the command again',
    );
  }
}

/** What stands at the path is no file that can be replaced. */
export class FileUnfitError extends OpenslotError {
  readonly code = 'FILE_UNFIT';
  constructor(file: string, why: string) {
    super(`${file} is not changed: ${why}`, { file, why });
  }
}
