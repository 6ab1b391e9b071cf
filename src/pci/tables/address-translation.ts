/** Register tables of a device that translates addresses itself: ATS, page requests, and PASIDs. */
import { bits, extendedCapability, flag, number, power2, register, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

export const ats: RegisterTable = {
  name: 'ats',
  title: 'Address Translation Services',
  source: 'PCI Express Base 6.0, 10.5.1',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'ATS capability', [
      bits(4, 0, 'queue_depth', 'Invalidate queue depth (0 stands for 32)'),
      flag(5, 'page_aligned', 'Page aligned request'),
      flag(6, 'global_invalidate', 'Global invalidate supported'),
      flag(7, 'relaxed_ordering', 'Relaxed ordering supported'),
    ]),
    register(0x06, 2, 'control', 'ATS control', [
      bits(4, 0, 'smallest_unit', 'Smallest translation unit', 'rw', power2(4096, 'bytes')),
      flag(15, 'enable', 'Enable', 'rw'),
    ]),
  ],
};

export const pri: RegisterTable = {
  name: 'pri',
  title: 'Page Request Interface',
  source: 'PCI Express Base 6.0, 10.5.2',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'control', 'Page request control', [
      flag(0, 'enable', 'Enable', 'rw'),
      flag(1, 'reset', 'Reset', 'wo'),
    ]),
    register(0x06, 2, 'status', 'Page request status', [
      flag(0, 'response_failure', 'Response failure', 'w1c'),
      flag(1, 'unexpected_index', 'Unexpected page request group index', 'w1c'),
      flag(8, 'stopped', 'Stopped'),
      flag(15, 'pasid_required', 'PRG response PASID required'),
    ]),
    whole(0x08, 4, 'capacity', 'Outstanding page request capacity', 'ro', number()),
    whole(0x0c, 4, 'allocation', 'Outstanding page request allocation', 'rw', number()),
  ],
};

export const pasid: RegisterTable = {
  name: 'pasid',
  title: 'Process Address Space ID',
  source: 'PCI Express Base 6.0, 7.8.9',
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'PASID capability', [
      flag(1, 'execute', 'Execute permission supported'),
      flag(2, 'privileged', 'Privileged mode supported'),
      flag(3, 'translated', 'Translated requests with PASID supported'),
      bits(12, 8, 'width', 'Maximum PASID width', 'ro', number('bits')),
    ]),
    register(0x06, 2, 'control', 'PASID control', [
      flag(0, 'enable', 'Enable', 'rw'),
      flag(1, 'execute', 'Execute permission', 'rw'),
      flag(2, 'privileged', 'Privileged mode', 'rw'),
      flag(3, 'translated', 'Translated requests with PASID', 'rw'),
    ]),
  ],
};
