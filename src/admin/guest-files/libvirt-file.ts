/** Definitions of libvirt's guests: their hostdev elements. */
import { addHostdev, libvirtGuestFile, readLibvirtGuest, removeHostdevs } from '../../boot/index.js';
import { notations } from '../../pci/index.js';
import type { GuestFileFormat } from './guest-file-format.js';

const ONE_BY_ONE = 'name each function of the device';

export const libvirtFile: GuestFileFormat = {
  prefix: 'libvirt',
  kind: libvirtGuestFile,
  entries: (text, source) =>
    readLibvirtGuest(text, source).functions.map(({ kind, address }) => ({
      target: address === undefined ? undefined : { kind: 'function', address },
      text: `${kind} ${address === undefined ? 'without an address' : String(address)}`,
      ...(kind === 'interface'
        ? { fixed: 'it is an interface with settings of its own: virsh edit takes it away' }
        : {}),
    })),
  refusal(spec) {
    if (spec.target.kind !== 'function')
      return { why: 'a hostdev is one function, by its address', next: ONE_BY_ONE };
    // Only that it is seized has a meaning there: libvirt takes it from its host driver.
    const { target, seize } = spec;
    const plain = notations.xlSpec.parse(String(target.address));
    return notations.xlSpec.format({ ...plain, seize }) === notations.xlSpec.format(spec)
      ? undefined
      : { why: "xl's options but seize have no meaning to libvirt", next: 'leave them out' };
  },
  // Who takes it from the host's driver is the file's own business.
  says: () => true,
  add: (text, { target, seize }, source) =>
    target.kind === 'function' ? addHostdev(text, target.address, seize, source) : text,
  remove: (text, target, source) =>
    removeHostdevs(
      text,
      ({ address }) => target.kind === 'function' && address?.equals(target.address) === true,
      source,
    ),
  afterwards: (file) => [
    `virsh define ${file}: libvirt keeps a copy of its own, and takes the file no other way`,
  ],
};
