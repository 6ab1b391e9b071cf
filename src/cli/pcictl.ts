/** `openslot pcictl`: NetBSD's pcictl(8), with its options and its text, on any machine. */
import { Option, type Command } from 'commander';
import { hexDigits } from '../pci/hex-digits.js';
import type { PciAddress } from '../pci/index.js';
import {
  ANY,
  busOfNode,
  oneFunction,
  oneRegister,
  partNumber,
  registerNumber,
} from '../look/pcictl/arguments.js';
import { machineOption, type MachineChoice } from './machine-option.js';

interface Place {
  readonly b?: number;
  readonly d?: number;
  readonly f?: number;
}

interface PcictlOptions extends MachineChoice, Place {
  readonly N?: boolean;
  readonly n?: boolean;
  readonly evenIfUsed?: boolean;
}

const COMMANDS = ['list', 'dump', 'read', 'write'] as const;

export function define(command: Command): void {
  command
    .addOption(new Option('-b <bus>', 'bus; list: all if it is absent').argParser(partNumber))
    .addOption(new Option('-d <device>', 'device').argParser(partNumber))
    .addOption(new Option('-f <function>', 'function; 0 if it is absent, list: all').argParser(partNumber))
    .option('-n', 'list: the registers of id and class instead of names')
    .option('-N', 'list: the driver of each function that has one')
    .option('--even-if-used', 'write even where a driver or a guest drives the function')
    .addOption(machineOption())
    .addHelpText(
      'after',
      `
BUS is pci0, or /dev/pci0: the bus of that number, in domain 0. Numbers are as C has them: decimal, 0x and hexadecimal, 0 and
octal; "all" and "any" mean every one. Registers are of 4 bytes. The text is that of NetBSD 7.99, its names of vendors and
products are those of pci.ids. A write is refused where a driver or a guest drives the function.

Examples:
  openslot pcictl pci0 list -N
  openslot pcictl pci0 dump -d 3
  openslot pcictl pci0 read -d 3 0x04
  openslot pcictl pci0 write -b 10 -d 0 -f 0 0x04 0x00100006
More: docs/pcictl.md`,
    )
    .action(pcictl);
}

async function pcictl(
  node: string,
  name: string,
  numbers: readonly string[],
  options: PcictlOptions,
  command: Command,
): Promise<void> {
  const bus = busOfNode(node);
  const [registers, usage] = [numbers.length, `error: pcictl ${name}: `];
  const { b = bus, d = ANY, f = 0 } = options;
  switch (COMMANDS.find((each) => each === name)) {
    case 'list':
      if (registers !== 0) command.error(`${usage}takes no registers`);
      return list(options);
    case 'dump':
      if (registers !== 0) command.error(`${usage}takes no registers`);
      return dump(oneFunction(b, d, f), options);
    case 'read': {
      if (registers !== 1) command.error(`${usage}takes one register`);
      const { address, register } = oneRegister(b, d, f, registerNumber(numbers[0] ?? ''));
      return read(address, register, options);
    }
    case 'write': {
      if (registers !== 2) command.error(`${usage}takes a register and its value`);
      const { address, register } = oneRegister(b, d, f, registerNumber(numbers[0] ?? ''));
      return write(address, register, registerNumber(numbers[1] ?? ''), options);
    }
    case undefined:
      command.error(`error: unknown command: ${name}`);
  }
}

async function list({
  b = ANY,
  d = ANY,
  f = ANY,
  n = false,
  N = false,
  ...choice
}: PcictlOptions): Promise<void> {
  const [{ captureBus, listText }, { takeCapture }, { namesInUse }] = await Promise.all([
    import('../look/pcictl/index.js'),
    import('./machine-capture.js'),
    import('./names-in-use.js'),
  ]);
  const bus = captureBus(await takeCapture(choice, { vpd: false }));
  process.stdout.write(listText(bus, { bus: b, device: d, fn: f, numbers: n, drivers: N }, namesInUse()));
}

async function dump(address: PciAddress, choice: MachineChoice): Promise<void> {
  const [{ dumpText }, { takeCapture }, { namesInUse }] = await Promise.all([
    import('../look/pcictl/index.js'),
    import('./machine-capture.js'),
    import('./names-in-use.js'),
  ]);
  const { functions } = await takeCapture(choice, { addresses: [address], vpd: false });
  for (const { config } of functions) process.stdout.write(dumpText(config, namesInUse()));
}

async function read(address: PciAddress, register: number, choice: MachineChoice): Promise<void> {
  const { openRegisterSession } = await import('./register-session.js');
  using session = await openRegisterSession(address, { ...choice, map: [] }, false);
  const [value] = await session.run([{ kind: 'read', space: 'config', offset: register, width: 4 }]);
  process.stdout.write(`${hexDigits(value ?? 0n, 8)}\n`);
}

async function write(
  address: PciAddress,
  register: number,
  value: number,
  choice: PcictlOptions,
): Promise<void> {
  const { openRegisterSession } = await import('./register-session.js');
  using session = await openRegisterSession(address, { ...choice, map: [] }, true);
  await session.run([{ kind: 'write', space: 'config', offset: register, width: 4, value: BigInt(value) }]);
}
