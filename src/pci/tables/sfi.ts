/** Register table of the system firmware intermediary: firmware between a slot's events and the operating system. */
import { bits, extendedCapability, flag, hex, register, values, whole } from '../fields.js';
import type { RegisterTable } from '../registers.js';

const FILTERING = values(['off', 'all requests', 'configuration requests']);

export const sfi: RegisterTable = {
  name: 'sfi',
  title: 'System Firmware Intermediary',
  source: 'PCI Express Base 6.0, 7.9.22',
  // An access to the data register makes a configuration request on the link below.
  window: true,
  registers: [
    extendedCapability(),
    register(0x04, 2, 'cap', 'SFI capability', [flag(0, 'oob_pd', 'SFI OOB PD supported')]),
    register(0x06, 2, 'control', 'SFI control', [
      flag(0, 'pd_mask', 'SFI PD state mask', 'rw'),
      flag(1, 'dll_mask', 'SFI DLL state mask', 'rw'),
      flag(2, 'oob_pd_changed', 'SFI OOB PD changed enable', 'rw'),
      flag(3, 'dll_changed', 'SFI DLL state changed enable', 'rw'),
      bits(5, 4, 'filtering', 'SFI DPF control', 'rw', FILTERING),
      flag(6, 'surprise_suppress', 'SFI HPS suppress', 'rw'),
      flag(7, 'drs_mask', 'SFI DRS mask', 'rw'),
      flag(8, 'drs_signaling', 'SFI DRS signaling enable', 'rw'),
      flag(9, 'drs_trigger', 'SFI DRS trigger', 'rw'),
    ]),
    register(0x08, 2, 'status', 'SFI status', [
      flag(0, 'pd', 'SFI PD state'),
      flag(1, 'oob_pd', 'SFI OOB PD state'),
      flag(2, 'oob_pd_changed', 'SFI OOB PD changed', 'w1c'),
      flag(3, 'dll', 'SFI DLL state'),
      flag(4, 'dll_changed', 'SFI DLL state changed', 'w1c'),
      flag(5, 'drs_received', 'SFI DRS received', 'w1c'),
    ]),
    register(0x0c, 4, 'cam_address', 'SFI CAM address', [
      bits(27, 0, 'address', 'Bus, device, function and register, as in ECAM', 'rw', hex()),
    ]),
    whole(0x10, 4, 'cam_data', 'SFI CAM data', 'rw', hex()),
  ],
};
