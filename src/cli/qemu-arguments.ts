/** `openslot qemu-arguments`: what gives functions to a virtual machine of QEMU from its start on. */
import { Option, type Command } from 'commander';
import { deviceArguments, QEMU_MACHINES, type QemuMachineKind } from '../admin/qemu/device-arguments.js';
import { BESIDE_VFIO, PROGRAM_HOLDERS, type FunctionSummary } from '../function/index.js';
import { machineOption, type MachineChoice } from './machine-option.js';
import { functionsNamed } from './named-function.js';
import { nextHere } from './next-command.js';

interface QemuArgumentsOptions extends MachineChoice {
  readonly machine: QemuMachineKind;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(machineOption())
    .addOption(
      new Option('--machine <kind>', 'what -machine of QEMU says: q35 has PCI Express, pc has not')
        .choices(QEMU_MACHINES)
        .default('q35'),
    )
    .option('--json', 'print the arguments as an array')
    .addHelpText(
      'after',
      `
For a virtual machine that does not run yet; openslot attach qmp:SOCKET gives functions to one that does. Functions of one
device stay one device. What is in the way is said on standard error: functions that vfio-pci does not keep yet, and
others of their IOMMU groups that the host's drivers have.

Examples:
  openslot qemu-arguments 0a:00.0
  openslot qemu-arguments 0a:00.0 0a:00.1 --machine pc
  qemu-system-x86_64 -machine q35 -m 4G $(openslot qemu-arguments 0a:00.0) disk.img`,
    )
    .action(qemuArguments);
}

async function qemuArguments(texts: readonly string[], options: QemuArgumentsOptions): Promise<void> {
  const addresses = await functionsNamed(texts, options);
  const { viewMachine } = await import('./machine-view.js');
  const { name, functions } = await viewMachine(options);
  const { FunctionNotFoundError } = await import('../function/errors.js');
  const chosen = addresses.map((address) => {
    const summary = functions.find((one) => one.address.equals(address));
    if (summary === undefined) throw new FunctionNotFoundError(address, name);
    return summary;
  });
  const words = deviceArguments(addresses, options.machine);
  process.stdout.write(`${options.json ? JSON.stringify(words) : words.join(' ')}\n`);
  for (const line of obstacles(chosen, functions)) process.stderr.write(`note  ${nextHere(line)}\n`);
}

/** Why QEMU would refuse them now. */
function obstacles(chosen: readonly FunctionSummary[], all: readonly FunctionSummary[]): readonly string[] {
  const claim = ({ address }: FunctionSummary) => `openslot claim --for vfio ${address}`;
  const unclaimed = chosen.filter(({ driver }) => driver !== PROGRAM_HOLDERS.vfio);
  const beside = all.filter(
    (other) =>
      other.driver !== undefined &&
      !BESIDE_VFIO.has(other.driver) &&
      !chosen.includes(other) &&
      chosen.some(({ iommuGroup }) => iommuGroup !== undefined && iommuGroup === other.iommuGroup),
  );
  return [
    ...unclaimed.map((one) => `vfio-pci does not keep ${one.address} yet: ${claim(one)}`),
    ...chosen
      .filter(({ iommuGroup }) => iommuGroup === undefined)
      .map(({ address }) => `no IOMMU translates what ${address} does: QEMU will refuse it`),
    ...beside.map((one) => `${one.driver ?? ''} has ${one.address} of the same IOMMU group: ${claim(one)}`),
  ];
}
