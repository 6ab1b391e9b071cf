/** Register table of the hierarchy id: a unique identifier of the hierarchy that a function is in. */
import { bits, extendedCapability, flag, hex, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

/** Where they are not writable (an upstream port), writing them has no effect. */
export const hierarchy: RegisterTable = {
  name: 'hierarchy',
  title: 'Hierarchy ID',
  source: 'PCI Express Base 6.0, 7.9.17',
  registers: [
    extendedCapability(),
    register(0x04, 4, 'status', 'Hierarchy ID status', [
      bits(15, 0, 'requester', 'Message requester ID', 'ro', hex()),
      flag(28, 'writable', 'Hierarchy ID writable', 'rw'),
      flag(29, 'vf_configurable', 'Hierarchy ID VF configurable'),
      flag(30, 'pending', 'Hierarchy ID pending', 'rw'),
      flag(31, 'valid', 'Hierarchy ID valid', 'rw'),
    ]),
    register(0x08, 4, 'data', 'Hierarchy ID data', [
      bits(7, 0, 'authority', 'System GUID authority ID', 'rw', hex()),
      bits(31, 16, 'id', 'Hierarchy ID', 'rw', hex()),
    ]),
    register(0x0c, 4, 'guid1', 'Hierarchy ID GUID 1', [
      bits(15, 0, 'high', 'System GUID bits 143:128', 'rw', hex()),
    ]),
    whole(0x10, 4, 'guid2', 'System GUID bits 127:96', 'rw'),
    whole(0x14, 4, 'guid3', 'System GUID bits 95:64', 'rw'),
    whole(0x18, 4, 'guid4', 'System GUID bits 63:32', 'rw'),
    whole(0x1c, 4, 'guid5', 'System GUID bits 31:0', 'rw'),
  ],
};
