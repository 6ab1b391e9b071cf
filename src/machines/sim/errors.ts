/** Refusals of the simulated machine: descriptions that cannot be built, memory and messages that are used up, files that cannot be used. */
import { OpenslotError } from '../../pci/errors.js';

/** A machine description says something that no machine can be. */
export class MachineDescriptionError extends OpenslotError {
  readonly code = 'MACHINE_DESCRIPTION';
  /** The part of the description: `roots[0].slots[2].options: device edu, option dma_mask`. */
  readonly where: string;
  readonly why: string;

  /** `line` counts from 1, where the description came from text. */
  constructor(where: string, why: string, next = '', line?: number) {
    const at = line === undefined ? '' : `line ${line}, `;
    super(`${at}${where}: ${why}`, { where, why, ...(line === undefined ? {} : { line }) }, next);
    this.where = where;
    this.why = why;
  }
}

/** The machine has no memory of that size left. */
export class MachineMemoryError extends OpenslotError {
  readonly code = 'MACHINE_MEMORY';
  constructor(bytes: number, free: number) {
    super(
      `the simulated machine has no ${bytes} bytes of memory in one piece left (${free} bytes are free)`,
      { bytes, free },
      'give the machine more with "memory" in its description',
    );
  }
}

/** All interrupt messages of the machine are taken. */
export class MachineMessagesError extends OpenslotError {
  readonly code = 'MACHINE_MESSAGES';
  constructor(count: number) {
    super(`the simulated machine has no ${count} interrupt messages in a row left`, { count });
  }
}

/** A file of a simulated host's folder cannot be read or written. */
export class MachineFolderError extends OpenslotError {
  readonly code = 'MACHINE_FOLDER';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the simulated host's file ${path} cannot be used: ${why}`,
      { path, why },
      `look at ${path}; without bindings.json the host is as its description says`,
      options,
    );
  }
}
