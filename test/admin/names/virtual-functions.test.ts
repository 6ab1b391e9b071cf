/** Places and numbers of virtual functions, and of functions that could not be read whole. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Capture, CapturedFunction, FunctionSummary } from '../../../src/function/index.js';
import { lookAtDevices, type DeviceSource } from '../../../src/admin/names/device.js';
import { ExtendedCapabilityId, dsn, header0, header1, notations, sriov } from '../../../src/pci/index.js';
import { madeFunction, madeSpace } from '../../look/made-function.js';

const PHYSICAL = madeSpace({
  header: header0,
  values: { vendor: 0x8086, device: 0x10c9 },
  extended: [
    { id: ExtendedCapabilityId.dsn, table: dsn, values: { low: 0xff3c4d5e, high: 0x001b21ff } },
    { id: ExtendedCapabilityId.sriov, table: sriov, values: { num_vfs: 4, first_vf: 0x180, stride: 2 } },
  ],
});
/** As the specification has it: the numbers of its maker are in its physical function only. */
const VIRTUAL = madeSpace({ header: header0, values: { vendor: 0xffff, device: 0xffff } });
const BRIDGE = madeSpace({
  header: header1,
  values: { vendor: 0x8086, device: 0x1c10, 'type.layout': 1, secondary_bus: 0x0a, subordinate_bus: 0x0b },
});

/** A host that keeps the numbers of virtual functions, as Linux does. */
class Host implements DeviceSource {
  readonly machine = 'made';
  readonly asked: string[] = [];
  readonly #functions: readonly CapturedFunction[];

  constructor(functions: readonly CapturedFunction[]) {
    this.#functions = functions;
  }

  functions(): Promise<readonly FunctionSummary[]> {
    return Promise.resolve(
      this.#functions.map(({ address, config }) => ({
        address,
        vendor: 0x8086,
        device: address.bus === 0x0b ? 0x10ca : (config[2] ?? 0) | ((config[3] ?? 0) << 8),
        subsystemVendor: undefined,
        subsystemDevice: undefined,
        classCode: 0x020000,
        revision: 1,
        headerType: (config[14] ?? 0) & 0x7f,
        driver: undefined,
        iommuGroup: undefined,
        unreadable: [],
      })),
    );
  }

  capture(addresses: readonly { readonly sbdf: number }[]): Promise<Capture> {
    const wanted = new Set(addresses.map(({ sbdf }) => sbdf));
    const functions = this.#functions.filter(({ address }) => wanted.has(address.sbdf));
    this.asked.push(...functions.map(({ address }) => String(address)));
    return Promise.resolve({ machine: this.machine, taken: undefined, functions });
  }
}

const functions = [
  madeFunction('00:1c.4', BRIDGE),
  madeFunction('00:1f.0', madeSpace({ header: header0, values: { vendor: 0x8086, device: 0x1c4e } })),
  madeFunction('0a:00.0', PHYSICAL),
  // 0a:00.0 + 0x180 + 2n: the next bus, which no bridge leads to by its number.
  madeFunction('0b:10.0', VIRTUAL),
  madeFunction('0b:10.2', VIRTUAL),
  madeFunction('0b:10.6', VIRTUAL),
];

describe('places', () => {
  test('of virtual functions are those of their physical one, whose number they have', async () => {
    const devices = await lookAtDevices(new Host(functions), ({ address }) => address.bus === 0x0b);
    assert.deepEqual(
      devices.map(({ place, serial }) => [place, serial.kind === 'read' && serial.serial.text]),
      [0, 1, 3].map((number) => [`0000:00/1c.4/00.0/vf${number}`, '00-1b-21-ff-ff-3c-4d-5e']),
    );
  });

  test('are found without a look at any other device', async () => {
    const host = new Host(functions);
    const [device] = await lookAtDevices(host, ({ address }) =>
      address.equals(notations.hex.parse('0a:00.0')),
    );
    assert.equal(device?.place, '0000:00/1c.4/00.0');
    assert.deepEqual(host.asked, ['0000:00:1c.4', '0000:0a:00.0']);
  });

  test('of a user who sees 64 bytes are known, and the serial number is not', async () => {
    const cut = functions.map((fn) => ({ ...fn, config: fn.config.slice(0, 64) }));
    const [device] = await lookAtDevices(new Host(cut), ({ address }) => address.bus === 0x0a);
    assert.equal(device?.place, '0000:00/1c.4/00.0');
    assert.deepEqual(device.serial, {
      kind: 'unread',
      why: 'only 64 bytes of its configuration space could be read',
      next: 'the same as root: sudo',
    });
  });
});
