/** Spaces of QEMU's device models: each in a machine of its own, on the root bus and behind a root port, opened by us. */
import { OpenslotError } from '../../../src/pci/index.js';
import { QemuMachine, type QemuMachineOptions } from '../../../src/machines/qemu/index.js';
import { dumpOfMachine } from './capture-of.js';
import { LabFailure, lastLines } from '../../failure.js';
import { runProgram } from '../../process.js';
import { modelNames, modelOf, type QemuModel } from './qemu-models.js';
import type { SpaceSource } from './source.js';

export interface QemuSpaces {
  readonly sources: readonly SpaceSource[];
  /** Models that QEMU lists. */
  readonly listed: number;
  /** Models that could not be made, each with QEMU's reason. */
  readonly missing: ReadonlyMap<string, string>;
}

type Command = Required<Pick<QemuMachineOptions, 'command' | 'environment'>>;

const PORT = '-device pcie-root-port,id=behind,chassis=1';
/** As many start at the same time as there are processors on a small machine. */
const AT_ONCE = 2;

/** Buses, bridges and a switch, with something behind each: what a tree is drawn of. */
const TREE = [
  '-device pcie-root-port,id=rp0,chassis=1 -device x3130-upstream,id=up,bus=rp0',
  '-device xio3130-downstream,id=down0,bus=up,chassis=2 -device xio3130-downstream,id=down1,bus=up,chassis=3',
  '-device edu,bus=down0 -device e1000e,bus=down1,romfile=',
  '-device pcie-pci-bridge,id=pci -device pci-bridge,id=pci2,bus=pci,chassis_nr=4,addr=01.0 -device rtl8139,bus=pci2,romfile=,addr=05.0',
  '-device ich9-usb-uhci1,multifunction=on,addr=1d.0 -device ich9-usb-uhci2,addr=1d.1 -device ich9-usb-ehci1,addr=1d.7',
].join(' ');

export async function qemuSpaces(qemu: Command): Promise<QemuSpaces> {
  const [program, ...before] = qemu.command;
  const help = await runProgram([program, ...before, '-machine', 'q35', '-device', 'help'], {
    environment: qemu.environment,
  });
  if (help.code !== 0) throw new LabFailure(`QEMU lists no devices: ${lastLines(help.output, 3)}`);
  const names = modelNames(help.output);
  const waiting = [...names];
  const sources: SpaceSource[] = [await started('a tree', TREE, qemu)];
  const missing = new Map<string, string>();
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const made = await spaceOf(modelOf(name), qemu);
      if (typeof made === 'string') missing.set(name, made);
      else sources.push(made);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { sources, listed: names.length, missing };
}

/** The first of these machines that QEMU makes: some models stand on one kind of bus only. */
async function spaceOf(model: QemuModel, qemu: Command): Promise<SpaceSource | string> {
  const machines = [
    `${PORT} ${model.argumentsOn(undefined, 0)} ${model.argumentsOn('behind', 1)}`,
    `${PORT} ${model.argumentsOn('behind', 1)}`,
    model.argumentsOn(undefined, 0),
  ];
  let why = '';
  for (const machine of machines)
    try {
      return await started(model.name, machine, qemu);
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      // QEMU's own last words; what it says before them repeats its arguments.
      why = lastLines(error.message, 1).replace(/^.*?romfile=[^:]*: /, '');
    }
  return why;
}

async function started(name: string, given: string, qemu: Command): Promise<SpaceSource> {
  using machine = await QemuMachine.start(given, qemu);
  return { kind: 'QEMU', name, dump: dumpOfMachine(machine), decodingOnly: false };
}
