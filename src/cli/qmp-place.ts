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
import type { GuestPlace, PlaceAttachOptions, PlaceDetachOptions } from './guest-place.js';
import { openHost, type MachineChoice } from './machine-option.js';
import { machineToChange } from './machine-view.js';
import { waitingFor } from './waiting.js';

export const qmpPlace: GuestPlace = { plans: false, attach, detach };

async function attach(socket: string, specs: readonly string[], options: PlaceAttachOptions): Promise<void> {
  const addresses = specs.map(addressOf);
  const { allow, bus } = options;
  const report = await asOwner(options, socket, (machine) =>
    machine.attach(addresses, { allow, ...(bus === undefined ? {} : { bus }) }),
  );
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
  const addresses = specs.map(addressOf);
  if (options.force) throw new ForceImpossibleError(`qmp:${socket}`, addresses.join(' '));
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

/** Where the function comes in the guest, and xl's options, are not QEMU's. */
function addressOf(spec: string): PciAddress {
  const parsed = notations.xlSpec.parse(spec);
  const { target } = parsed;
  if (target.kind !== 'function' || notations.xlSpec.format(parsed) !== String(target.address))
    throw new SpecOptionError(spec);
  return target.address;
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
