/** `sim:DIR`: a simulated host in a folder, which keeps its driver bindings from one command to the next. */
import { join } from 'node:path';
import { errnoOf, readRegularFile } from '../../../durable/index.js';
import { MachineFolderError } from '../errors.js';
import { SimMachine, type SimOptions } from '../sim-machine.js';
import { parseMachine } from '../description/source.js';
import { BindingFile } from './binding-file.js';

/**
 * `machine.yaml` there describes it; without one it is the machine that `sim` is. Registers begin anew with each
 * command; who drives what is kept.
 * @throws {MachineFolderError | MachineDescriptionError}
 */
export function openMachineFolder(folder: string, options: SimOptions = {}): SimMachine {
  return new SimMachine(descriptionIn(folder), {
    ...options,
    name: `sim:${folder}`,
    bindings: new BindingFile(folder),
  });
}

function descriptionIn(folder: string) {
  const path = join(folder, 'machine.yaml');
  let text: string;
  try {
    text = readRegularFile(path, 'utf8');
  } catch (cause) {
    const why = errnoOf(cause);
    if (why === 'ENOENT') return undefined;
    throw new MachineFolderError(path, why, { cause });
  }
  return parseMachine(text);
}
