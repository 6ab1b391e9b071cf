/** The controller registers of NVMe, as BAR 0 shows them. */
import { fields, type RegisterTable } from '../../../../pci/index.js';

const { bits, flag, halves, hex, number, power2, register, values, whole } = fields;

export const nvmeRegisters: RegisterTable = {
  name: 'nvme',
  title: 'NVMe controller',
  source: 'NVM Express 1.4, 3.1',
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
    register(0x28, 8, 'asq', 'Admin submission queue', halves(12)),
    register(0x30, 8, 'acq', 'Admin completion queue', halves(12)),
  ],
};

/** Offsets of the registers that software writes or polls. */
export const CAP = 0x00;
export const CAP_HIGH = 0x04;
export const VS = 0x08;
export const INTMS = 0x0c;
export const INTMC = 0x10;
export const CC = 0x14;
export const CSTS = 0x1c;
export const AQA = 0x24;
export const ASQ = 0x28;
export const ASQ_HIGH = 0x2c;
export const ACQ = 0x30;
export const ACQ_HIGH = 0x34;
/** Tail of submission queue n at 8n, head of completion queue n at 8n + 4. */
export const DOORBELLS = 0x1000;
