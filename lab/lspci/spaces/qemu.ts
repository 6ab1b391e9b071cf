/** Spaces of QEMU's device models: each in a machine of its own, on the root bus and behind a root port, opened by us. */
import { captureMachine, type Capture, type CapturedFunction } from '../../../src/function/index.js';
import { formatDump } from '../../../src/machines/capture/index.js';
import { OpenslotError, PciAddress } from '../../../src/pci/index.js';
import { QemuMachine, type QemuMachineOptions } from '../../../src/machines/qemu/index.js';
import { LabFailure, lastLines } from '../../failure.js';
import { runProgram } from '../../process.js';
import { functionsOf } from '../read-around.js';
import { modelNames, modelOf, type QemuModel } from './qemu-models.js';
import type { SpaceSource } from './source.js';

export interface QemuSpaces {
  readonly sources: readonly SpaceSource[];
  /** In all machines. */
  readonly functions: number;
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
  const machines = new Map<string, Capture>();
  const missing = new Map<string, string>();
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const made = await spaceOf(modelOf(name), qemu);
      if (typeof made === 'string') missing.set(name, made);
      else machines.set(name, made);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const sources: readonly SpaceSource[] = [
    {
      kind: 'QEMU',
      name: 'a tree of bridges',
      dump: formatDump(await started(TREE, qemu)),
      decodingOnly: false,
    },
    {
      kind: 'QEMU',
      name: 'every model',
      dump: formatDump(sideBySide(names.flatMap((name) => machines.get(name) ?? []))),
      decodingOnly: false,
    },
  ];
  return {
    sources,
    listed: names.length,
    functions: sources.reduce((sum, { dump }) => sum + functionsOf(dump).length, 0),
    missing,
  };
}

/** The first of these machines that QEMU makes: some models stand on one kind of bus only. */
async function spaceOf(model: QemuModel, qemu: Command): Promise<Capture | string> {
  const machines = [
    `${PORT} ${model.argumentsOn(undefined, 0)} ${model.argumentsOn('behind', 1)}`,
    `${PORT} ${model.argumentsOn('behind', 1)}`,
    model.argumentsOn(undefined, 0),
  ];
  let why = '';
  for (const machine of machines)
    try {
      return await started(machine, qemu);
    } catch (error) {
      if (!(error instanceof OpenslotError)) throw error;
      // QEMU's own last words; what it says before them repeats its arguments.
      why = lastLines(error.message, 1).replace(/^.*?romfile=[^:]*: /, '');
    }
  return why;
}

async function started(given: string, qemu: Command): Promise<Capture> {
  using machine = await QemuMachine.start(given, qemu);
  return captureMachine(machine);
}

/** Machines as the domains of one: so one run of an lspci reads them all. */
function sideBySide(machines: readonly Capture[]): Capture {
  const functions = machines.flatMap((machine, domain) =>
    machine.functions.map((fn): CapturedFunction => {
      const { bus, device, function: number } = fn.address;
      return { ...fn, address: new PciAddress(domain, bus, device, number) };
    }),
  );
  return { machine: 'QEMU', taken: undefined, functions };
}
