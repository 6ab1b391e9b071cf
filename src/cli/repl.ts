/** `openslot repl`: one function in JavaScript, line by line. */
import type { Command } from 'commander';
import { machineFiles, OwnedMachine } from '../owner/index.js';
import type { PciAddress } from '../pci/index.js';
import { FunctionDrivenError, openFunction, wayToFree } from '../proto/program/index.js';
import { functionNamed } from './named-function.js';
import { registerMachine, userOnSim, type OpenedMachine } from './register-machine.js';
import { addRegisterOptions, chosenMaps, type RegisterOptions } from './register-options.js';
import { runPrompt } from './register-prompt.js';

export function define(command: Command): void {
  addRegisterOptions(command)
    .addHelpText(
      'after',
      `
fn is the function: fn.bar0.read32(0x08), fn.config.read(0x04, 2), fn.busMaster = true, and where the machine is opened
by this command fn.interrupts and fn.dma. regs are the registers of its maps: regs.status, regs.status.computing = …,
regs.control.set({…}), regs.sq_tail.at(3).value. A register is shown with its bits. TAB completes, await works and
Ctrl-C leaves it, and the end (.exit, Ctrl-D) releases the function: bus mastering off, interrupts off.
Nothing is read while you type: completion comes from the maps.

Examples:
  openslot repl 01:00.0
  openslot repl 0a:00.0 --map my-device.json
  echo 'regs.status' | openslot repl 01:00.0`,
    )
    .action(repl);
}

async function repl(text: string, options: RegisterOptions): Promise<void> {
  const address = await functionNamed(text, options);
  const { machine, user } = await reach(address, options);
  using _machine = machine;
  if (user !== undefined && options.evenIfUsed !== true) {
    const next = `${wayToFree(address, user)}; drive it beside its user: --even-if-used`;
    throw new FunctionDrivenError(address, user, next);
  }
  using fn = openFunction(machine, address, { evenIfUsed: options.evenIfUsed ?? false, user });
  const maps = chosenMaps(options.map, () => {
    const { config } = fn;
    const vendor = config.read(0, 2);
    return { vendor, device: config.read(2, 2), classCode: config.read(8, 4) >>> 8 };
  });
  await runPrompt(fn, maps);
}

async function reach(address: PciAddress, options: RegisterOptions): Promise<OpenedMachine> {
  const reached = await registerMachine(options, address, true);
  if (reached !== 'sim') return reached;
  const user = await userOnSim(address);
  const { socket } = machineFiles(reached);
  return { machine: new OwnedMachine(reached, socket, options.evenIfUsed ?? false), user };
}
