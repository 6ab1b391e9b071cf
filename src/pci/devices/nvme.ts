/** The registers of an NVMe controller. */
import { aligned, bits, flag, hex, number, power2, register, repeated, values, whole } from '../fields.js';
import { registerMap } from '../register-map.js';

/** Queue pairs that the map names, the admin queues as number 0. */
const QUEUES = 256;

/** BAR 0 of any NVMe controller, with doorbells as CAP.DSTRD = 0 places them. */
export const nvmeRegisters = registerMap({
  name: 'nvme',
  title: 'NVMe controller',
  source: 'NVM Express 1.4, 3.1',
  space: 'bar0',
  devices: [{ classCode: 0x010802 }],
  registers: [
    register(0x00, 8, 'cap', 'Controller capabilities', [
      bits(15, 0, 'mqes', 'Maximum queue entries supported', 'ro', number('entries', 1, 1)),
      flag(16, 'cqr', 'Contiguous queues required'),
      bits(18, 17, 'ams', 'Arbitration mechanisms beyond round robin', 'ro', hex()),
      bits(31, 24, 'to', 'Longest wait for ready', 'ro', number('ms', 500)),
      bits(35, 32, 'dstrd', 'Doorbell stride', 'ro', power2(4, 'bytes')),
      flag(36, 'nssrs', 'Subsystem reset'),
      bits(44, 37, 'css', 'Command sets (bit 0: NVM)', 'ro', hex()),
      bits(51, 48, 'mpsmin', 'Smallest memory page', 'ro', power2(4096, 'bytes')),
      bits(55, 52, 'mpsmax', 'Largest memory page', 'ro', power2(4096, 'bytes')),
    ]),
    register(0x08, 4, 'vs', 'Version', [
      bits(31, 16, 'major', 'Major'),
      bits(15, 8, 'minor', 'Minor'),
      bits(7, 0, 'tertiary', 'Tertiary'),
    ]),
    // Both read as the mask; a written 1 sets a bit in the first and clears it in the second.
    whole(0x0c, 4, 'intms', 'Interrupt mask set', 'rw'),
    whole(0x10, 4, 'intmc', 'Interrupt mask clear', 'rw'),
    register(0x14, 4, 'cc', 'Controller configuration', [
      flag(0, 'en', 'Enable', 'rw'),
      bits(6, 4, 'css', 'Command set', 'rw', values(['NVM'])),
      bits(10, 7, 'mps', 'Memory page', 'rw', power2(4096, 'bytes')),
      bits(13, 11, 'ams', 'Arbitration', 'rw', values(['round robin'])),
      bits(15, 14, 'shn', 'Shutdown notification', 'rw', values(['none', 'normal', 'abrupt'])),
      bits(19, 16, 'iosqes', 'I/O submission queue entry', 'rw', power2(1, 'bytes')),
      bits(23, 20, 'iocqes', 'I/O completion queue entry', 'rw', power2(1, 'bytes')),
    ]),
    register(0x1c, 4, 'csts', 'Controller status', [
      flag(0, 'rdy', 'Ready'),
      flag(1, 'cfs', 'Fatal'),
      bits(3, 2, 'shst', 'Shutdown', 'ro', values(['none', 'under way', 'complete'])),
    ]),
    register(0x24, 4, 'aqa', 'Admin queue sizes', [
      bits(11, 0, 'asqs', 'Submission queue', 'rw', number('entries', 1, 1)),
      bits(27, 16, 'acqs', 'Completion queue', 'rw', number('entries', 1, 1)),
    ]),
    aligned(0x28, 8, 12, 'asq', 'Admin submission queue', 'rw'),
    aligned(0x30, 8, 12, 'acq', 'Admin completion queue', 'rw'),
    // At the smallest stride, which every controller of today has: `cap.dstrd` tells it.
    repeated(whole(0x1000, 4, 'sq_tail', 'Tail of a submission queue', 'wo', number()), QUEUES, 8),
    repeated(whole(0x1004, 4, 'cq_head', 'Head of a completion queue', 'wo', number()), QUEUES, 8),
  ],
});
