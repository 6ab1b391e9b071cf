/** Register tables of the DVSECs of the global persistent flush: how long ports wait, and what devices need. */
import { bits, number, register, values, whole } from '../../fields.js';
import type { Access, Field } from '../../registers.js';
import { cxlTable } from './cxl-dvsec.js';

const SCALES = values(['1 us', '10 us', '100 us', '1 ms', '10 ms', '100 ms', '1 s', '10 s']);

/** A time is its value times its scale. */
function time(name: string, title: string, access: Access): Field[] {
  return [bits(3, 0, name, title, access), bits(11, 8, `${name}_scale`, `${title}, scale`, access, SCALES)];
}

export const cxlGpfPort = cxlTable('cxl_gpf_port', 'GPF DVSEC for CXL Ports', '8.1.6', [
  register(0x0c, 2, 'phase1', 'GPF phase 1 control', time('timeout', 'Phase 1 timeout', 'rw')),
  register(0x0e, 2, 'phase2', 'GPF phase 2 control', time('timeout', 'Phase 2 timeout', 'rw')),
]);

export const cxlGpfDevice = cxlTable('cxl_gpf_device', 'GPF DVSEC for CXL Devices', '8.1.7', [
  register(0x0a, 2, 'phase2', 'GPF phase 2 duration', time('duration', 'Phase 2 duration', 'ro')),
  whole(0x0c, 4, 'power', 'GPF phase 2 power', 'ro', number('mW')),
]);
