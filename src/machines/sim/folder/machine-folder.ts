/** `sim:DIR`: a simulated host in a folder, which keeps its driver bindings from one command to the next. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new MachineFolderError(path, code, { cause });
  }
  return parseMachine(text);
}
