/** Why a pci.ids is not taken. */
import { OpenslotError } from '../pci/index.js';

/** The file cannot be read as text. */
export class IdsUnreadableError extends OpenslotError {
  readonly code = 'IDS_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`${path} cannot be read: ${why}`, { path, why }, 'name a pci.ids that you may read', options);
  }
}

/** Every line is right, and yet it cannot be the whole. */
export class IdsIncompleteError extends OpenslotError {
  readonly code = 'IDS_INCOMPLETE';
  constructor(path: string, missing: string) {
    super(
      `${path} names no ${missing}: it is not a whole pci.ids`,
      { path, missing },
      'get the file again, from https://pci-ids.ucw.cz/ or from the package pci.ids of the system',
    );
  }
}

/** A file of an earlier date than the one in use. */
export class IdsOlderError extends OpenslotError {
  readonly code = 'IDS_OLDER';
  constructor(path: string, date: string, current: string) {
    super(
      `${path} is of ${date}, and the names in use are of ${current}`,
      { path, date, current },
      'add --even-if-older to take it all the same',
    );
  }
}

/** There is no index of this user's to go back from. */
export class IdsNotUpdatedError extends OpenslotError {
  readonly code = 'IDS_NOT_UPDATED';
  constructor(path: string) {
    super(
      `there is nothing to go back from: no ids were taken by an update (${path})`,
      { path },
      'which are in use: openslot ids',
    );
  }
}

/** An index cannot be written where this user's belongs. */
export class IdsNotWrittenError extends OpenslotError {
  readonly code = 'IDS_NOT_WRITTEN';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the index cannot be written to ${path}: ${why}`,
      { path, why },
      'OPENSLOT_DATA_DIR names another folder',
      options,
    );
  }
}
