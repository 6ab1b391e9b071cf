/** `pcnet`: the Ethernet controller of FreeBSD's diagnostic for proto(4), with a small network behind it. */
import type { DeviceKind, FunctionShape } from '../../device-model.js';
import { parseMac } from '../../network/ethernet.js';
import { UserNetwork } from '../../network/user-network.js';
import { OptionReader } from '../options.js';
import { PcnetController } from './controller.js';
import { WINDOW_BYTES } from './registers.js';

/** `mac` has 6 bytes; `network` is what is at the other end of the cable: DHCP, ARP and ping, or nothing. */
export interface PcnetOptions {
  readonly mac: Uint8Array;
  readonly network: 'user' | 'none';
}

/** Ids, class and BARs are those of QEMU's device. */
const SHAPE: FunctionShape = {
  vendor: 0x1022,
  device: 0x2000,
  classCode: 0x020000,
  revision: 0x10,
  regions: [
    { index: 0, kind: 'io', size: WINDOW_BYTES },
    { index: 1, kind: 'memory', size: WINDOW_BYTES },
  ],
  pin: 1,
};

const MAC_CHARACTERS = 17;

/** AMD Am79C970A data sheet, 19436E. */
export const pcnet: DeviceKind<PcnetOptions> = {
  name: 'pcnet',
  summary: 'AMD PCnet-PCI II Ethernet controller with INTx; behind it a network with DHCP, ARP and ping',
  options(given) {
    const read = new OptionReader('pcnet', given, ['mac', 'network']);
    const mac = parseMac(read.ascii('mac', MAC_CHARACTERS, '52:54:00:12:34:56'));
    if (mac === undefined)
      throw read.refusal('mac', "is six bytes as 52:54:00:12:34:56, and no group's address");
    return { mac, network: read.choice('network', ['user', 'none'], 'user') };
  },
  functions: () => [{ function: 0, shape: SHAPE }],
  create: ({ mac, network }, _fn, bus) =>
    new PcnetController(bus, mac, network === 'user' ? (port) => new UserNetwork(port) : undefined),
};
