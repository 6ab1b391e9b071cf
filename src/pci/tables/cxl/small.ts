/** Register tables of the smaller DVSECs of CXL: function map, logical devices, test capability. */
import { flag, hex, number, register, repeated, whole } from '../../fields.js';
import { cxlTable } from './cxl-dvsec.js';

/** Bit f of dword d: device d and function f, or function d * 32 + f of a device with alternative routing ids. */
export const cxlFunctionMap = cxlTable('cxl_function_map', 'Non-CXL Function Map DVSEC', '8.1.4', [
  repeated(whole(0x0c, 4, 'map', 'Functions that take no part in CXL', 'ro', hex()), 8, 4),
]);

export const cxlMld = cxlTable('cxl_mld', 'MLD DVSEC', '8.1.10', [
  whole(0x0a, 2, 'logical_devices', 'Logical devices supported', 'ro', number()),
]);

export const cxlTest = cxlTable('cxl_test', 'PCIe DVSEC for Test Capability', '14.16.1', [
  register(0x0a, 2, 'lock', 'CXL test lock', [flag(0, 'locked', 'Test configuration lock', 'rw')]),
  whole(0x0c, 4, 'cap1', 'CXL test capability 1'),
  whole(0x10, 4, 'cap2', 'CXL test capability 2'),
  whole(0x14, 4, 'base_low', 'CXL test configuration base, low half'),
  whole(0x18, 4, 'base_high', 'CXL test configuration base, upper half'),
]);
