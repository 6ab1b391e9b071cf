/** `qmp:SOCKET`: a virtual machine of QEMU, where `attach` and `detach` name a guest. */
import {
  ForceImpossibleError,
  HostOnlyError,
  QemuAttachments,
  remarksOf,
  SpecOptionError,
  type QemuAttachment,
} from '../admin/qemu/index.js';
import { machineFiles, OwnerSocket } from '../owner/index.js';
import { hexDigits, notations, type PciAddress } from '../pci/index.js';
import { FileJournal, Pool } from '../pool/index.js';
import { printPlan } from './dry-run.js';
import type { GuestPlace, PlaceAttachOptions, PlaceDetachOptions } from './guest-place.js';
import { openHost, type MachineChoice } from './machine-option.js';
import { machineToChange } from './machine-view.js';
import { functionsNamed } from './named-function.js';
import { waitingFor } from './waiting.js';

export const qmpPlace: GuestPlace = {
  called: 'virtual machines',
  attachOptions: ['bus'],
  // Answered with why there is none.
  detachOptions: ['force'],
  attach,
  detach,
};

async function attach(socket: string, specs: readonly string[], options: PlaceAttachOptions): Promise<void> {
  const addresses = await addressesOf(specs, options);
  const { allow, bus } = options;
  const how = { allow, ...(bus === undefined ? {} : { bus }) };
  if (options.dryRun) {
    await printPlan(await asOwner(options, socket, (machine) => machine.planAttach(addresses, how)), options);
    return;
  }
  const report = await asOwner(options, socket, (machine) => machine.attach(addresses, how));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  for (const one of report.functions)
    process.stdout.write(`${one.address} is ${placed(one)} ${report.taker}\n`);
  for (const { address, place } of report.functions) {
    if (place === undefined)
      process.stderr.write(
        `note  the guest has not looked at the place of ${address} yet: it has given its bus no number\n`,
      );
    else if (place.unplaced.length > 0)
      process.stderr.write(
        `note  the guest has given BAR ${place.unplaced.join(', ')} of ${address} no address yet: it does when its driver starts, or the window of the port is too small (see dmesg in the guest)\n`,
      );
  }
}

function placed({ before, id, place }: QemuAttachment): string {
  const already = before ? 'already ' : '';
  if (place === undefined) return `${already}the device ${id} of`;
  const { bus, slot, function: number } = place;
  return `${already}${hexDigits(bus, 2)}:${hexDigits(slot, 2)}.${number} (${id}) in`;
}

async function detach(socket: string, specs: readonly string[], options: PlaceDetachOptions): Promise<void> {
  const addresses = await addressesOf(specs, options);
  if (options.force) throw new ForceImpossibleError(`qmp:${socket}`, addresses.join(' '));
  if (options.dryRun) {
    await printPlan(await asOwner(options, socket, (machine) => machine.planDetach(addresses)), options);
    return;
  }
  const report = await asOwner(options, socket, (machine) => machine.detach(addresses));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const how = report.asked ? '' : ', which has ended';
  for (const { address } of report.functions)
    process.stdout.write(`${address} is back from ${report.taker}${how}\n`);
  for (const remark of remarksOf(report)) process.stderr.write(`note  ${remark}\n`);
}

/** Names and addresses: where a function comes in the guest, and xl's options, are not QEMU's. */
async function addressesOf(specs: readonly string[], choice: MachineChoice): Promise<readonly PciAddress[]> {
  return functionsNamed(specs.map(wholeFunction), choice);
}

/** @throws {SpecOptionError} */
function wholeFunction(spec: string): string {
  const parsed = notations.xlSpec.parse(spec);
  const { target } = parsed;
  const whole = notations.xlSpec.format({ ...notations.xlSpec.parse('00:00.0'), target });
  if (target.kind === 'device' || notations.xlSpec.format(parsed) !== whole) throw new SpecOptionError(spec);
  return target.kind === 'name' ? target.name : String(target.address);
}

/** This command owns the host's pool while it works; the record of who has what outlives it. */
async function asOwner<Result>(
  choice: MachineChoice,
  socket: string,
  work: (machine: QemuAttachments) => Promise<Result>,
): Promise<Result> {
  const { name } = machineToChange(choice);
  if (name !== 'linux') throw new HostOnlyError(name);
  using machine = await openHost();
  const { socket: own, claims } = machineFiles(machine.name);
  await using _owner = await OwnerSocket.bind(machine.name, own);
  const pool = new Pool(machine, new FileJournal(claims));
  using attachments = new QemuAttachments(socket, { pool, machine });
  return await waitingFor(`qmp:${socket}`, work(attachments));
}
