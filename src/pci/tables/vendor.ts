/** Register tables of vendor specific capabilities: of any vendor, of virtio devices, of Intel's chip sets. */
import { bits, capabilityList, hex, number, register, values, whole } from '../fields.js';
import type { Register, RegisterReader, RegisterTable } from '../registers.js';

function length(): Register {
  return whole(2, 1, 'length', 'Length of the capability', 'ro', number('bytes'));
}

export const vendor: RegisterTable = {
  name: 'vendor',
  title: 'Vendor Specific',
  source: 'PCI Local Bus 3.0, appendix H; PCI Express Base 6.0, 7.9.4',
  registers: [capabilityList(), length()],
};

/** Kinds of a virtio capability; the fifth is a window onto the others. */
const NOTIFY = 2;
const ACCESS = 5;
const SHARED_MEMORY = 8;

function virtioType(bytes: RegisterReader): number {
  return bytes.read(3, 1);
}

/** What every virtio capability has. */
function virtioRegisters(): Register[] {
  return [
    capabilityList(),
    length(),
    whole(
      3,
      1,
      'type',
      'What it describes',
      'ro',
      values({
        1: 'common configuration',
        2: 'notifications',
        3: 'interrupt status',
        4: 'device configuration',
        5: 'access through configuration space',
        8: 'shared memory',
        9: 'vendor data',
      }),
    ),
  ];
}

/** Which part of a BAR. */
function virtioPlace(access: 'ro' | 'rw'): Register[] {
  return [
    whole(4, 1, 'bar', 'BAR index', access, number()),
    whole(5, 1, 'id', 'Number among those of its type', 'ro', number()),
    whole(8, 4, 'offset', 'Offset in the BAR', access),
    whole(0xc, 4, 'size', 'Bytes in the BAR', access),
  ];
}

export const virtio: RegisterTable = {
  name: 'virtio',
  title: 'Virtio structure',
  source: 'Virtual I/O Device 1.3, 4.1.4',
  registers: [
    ...virtioRegisters(),
    ...virtioPlace('ro'),
    whole(
      0x10,
      4,
      'multiplier',
      'Bytes between the places of two notifications',
      'ro',
      number('bytes'),
      (bytes) => virtioType(bytes) === NOTIFY,
    ),
    whole(
      0x10,
      4,
      'offset_upper',
      'Offset in the BAR, upper half',
      'ro',
      hex(),
      (bytes) => virtioType(bytes) === SHARED_MEMORY,
    ),
    whole(
      0x14,
      4,
      'size_upper',
      'Bytes in the BAR, upper half',
      'ro',
      hex(),
      (bytes) => virtioType(bytes) === SHARED_MEMORY,
    ),
  ],
};

export const virtioAccess: RegisterTable = {
  name: 'virtio_access',
  title: 'Virtio access through configuration space',
  source: 'Virtual I/O Device 1.3, 4.1.4.9',
  window: true,
  registers: [
    ...virtioRegisters(),
    ...virtioPlace('rw'),
    whole(0x10, 4, 'data', 'What stands at that place', 'rw'),
  ],
};

export const intelVendor: RegisterTable = {
  name: 'intel_vendor',
  title: 'Intel vendor specific',
  source: 'Intel, datasheets of chip sets, vendor specific capability',
  registers: [
    capabilityList(),
    length(),
    register(3, 1, 'header', 'Kind of the capability', [
      bits(3, 0, 'version', 'Version'),
      bits(7, 4, 'type', 'Type', 'ro', values(['capabilities of the chip', 'detection of features'])),
    ]),
  ],
};

const VIRTIO_VENDOR = 0x1af4;
const INTEL_VENDOR = 0x8086;
/** Devices that virtio's specification has set aside. */
const VIRTIO_DEVICES = { first: 0x1000, last: 0x107f };

/** Which kind of vendor capability a function's is. */
export function vendorTable(capability: RegisterReader, header: RegisterReader): RegisterTable {
  const id = header.read(0, 2);
  if (id === INTEL_VENDOR) return intelVendor;
  const device = header.read(2, 2);
  if (id !== VIRTIO_VENDOR || device < VIRTIO_DEVICES.first || device > VIRTIO_DEVICES.last) return vendor;
  return virtioType(capability) === ACCESS ? virtioAccess : virtio;
}
