/** Driver bindings of a simulated host on disk, with a log of every change that is about to be made to them. */
import { join } from 'node:path';
import { z } from 'zod';
import {
  appendToRegularFile,
  errnoOf,
  parseChecked,
  readRegularFile,
  replaceFile,
} from '../../../durable/index.js';
import type { Binding } from '../../../function/index.js';
import { notations, OpenslotError, type PciAddress } from '../../../pci/index.js';
import { MachineFolderError } from '../errors.js';
import type { KeptBindings } from '../sim-drivers.js';

const bindings = z.record(
  z.string(),
  z.strictObject({ driver: z.string().exactOptional(), override: z.string().exactOptional() }),
);

/**
 * `bindings.json`, replaced as a whole, and `mutations.log`: a line for each change, on disk before the change is made.
 * Used by one process at a time that changes something: the owner of the host.
 */
export class BindingFile implements KeptBindings {
  readonly #path: string;
  readonly #log: string;

  constructor(folder: string) {
    this.#path = join(folder, 'bindings.json');
    this.#log = join(folder, 'mutations.log');
  }

  /** @throws {MachineFolderError} */
  read(): ReadonlyMap<number, Binding> {
    try {
      const kept = parseChecked(bindings, readRegularFile(this.#path, 'utf8'));
      return new Map(
        Object.entries(kept).map(([address, { driver, override }]) => [
          notations.hex.parse(address).sbdf,
          { driver, override },
        ]),
      );
    } catch (cause) {
      const why = errnoOf(cause);
      if (why === 'ENOENT') return new Map();
      // A text that is no address has a code of its own.
      throw new MachineFolderError(this.#path, cause instanceof OpenslotError ? cause.message : why, {
        cause,
      });
    }
  }

  /** @throws {MachineFolderError} and nothing is changed. */
  replace(mutation: string, all: Iterable<readonly [PciAddress, Binding]>): void {
    try {
      appendToRegularFile(this.#log, `${mutation}\n`);
      replaceFile(this.#path, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`, 0o644);
    } catch (cause) {
      throw new MachineFolderError(this.#path, errnoOf(cause), { cause });
    }
  }
}
