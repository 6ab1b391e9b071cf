/** Simulated machines whose cards are moved between starts, with names that live on over them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FunctionNames, machineSource, NameFolder } from '../../../src/admin/names/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { notations, OpenslotError, type PciAddress } from '../../../src/pci/index.js';

/** A folder of names that ends with the test. */
export class KeptNames implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'openslot-names-'));
  readonly folder = new NameFolder(this.path);

  /** Starts a machine and looks at it with these names; nobody has its functions. */
  async on<Result>(
    description: string,
    use: (names: FunctionNames, machine: SimMachine) => Promise<Result>,
  ): Promise<Result> {
    using machine = new SimMachine(parseMachine(description));
    return await use(this.of(machine), machine);
  }

  of(machine: SimMachine): FunctionNames {
    return new FunctionNames(this.folder, machineSource(machine, { list: () => [] }));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function at(text: string): PciAddress {
  return notations.hex.parse(text);
}

/** The refusal; any other end is a fault of the test's subject. */
export async function refusal(doing: Promise<unknown>): Promise<OpenslotError> {
  let result: unknown;
  try {
    result = await doing;
  } catch (error) {
    if (error instanceof OpenslotError) return error;
    throw error;
  }
  throw new Error(`it was not refused: ${String(result)}`);
}
