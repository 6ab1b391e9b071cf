/** Driver bindings of a simulated host on disk, with a log of every change that is about to be made to them. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, replaceFile } from '../../../durable/index.js';
import type { Binding } from '../../../function/index.js';
import { notations, type PciAddress } from '../../../pci/index.js';
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
      const kept = bindings.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
      return new Map(
        Object.entries(kept).map(([address, { driver, override }]) => [
          notations.hex.parse(address).sbdf,
          { driver, override },
        ]),
      );
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return new Map();
      throw new MachineFolderError(this.#path, code ?? 'it is not what openslot writes', { cause });
    }
  }

  /** @throws {MachineFolderError} and nothing is changed. */
  replace(mutation: string, all: Iterable<readonly [PciAddress, Binding]>): void {
    try {
      appendFileSync(this.#log, `${mutation}\n`, { flush: true });
      replaceFile(this.#path, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`, 0o644);
    } catch (cause) {
      throw new MachineFolderError(this.#path, errnoOf(cause), { cause });
    }
  }
}
