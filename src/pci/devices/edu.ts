/** QEMU's educational device. */
import { bits, flag, hex, register, values, whole } from '../fields.js';
import { registerMap } from '../register-map.js';

/** BAR 0 of edu (1234:11e8). */
export const eduRegisters = registerMap({
  name: 'edu',
  title: 'Educational device',
  source: 'QEMU, docs/specs/edu.rst; access widths and corner cases: its behaviour, version 7.2',
  space: 'bar0',
  devices: [{ vendor: 0x1234, device: 0x11e8 }],
  registers: [
    register(0x00, 4, 'identification', 'Identification', [
      bits(31, 24, 'major', 'Major version'),
      bits(23, 16, 'minor', 'Minor version'),
      bits(15, 0, 'magic', 'Always 00EDh', 'ro', hex()),
    ]),
    whole(0x04, 4, 'liveness', 'Liveness check: reads as the inverse of what was written', 'rw'),
    whole(0x08, 4, 'factorial', 'Number to compute the factorial of, then the result', 'rw'),
    register(0x20, 4, 'status', 'Status', [
      flag(0, 'computing', 'Computing a factorial'),
      flag(7, 'interrupt_when_computed', 'Interrupt when a factorial is computed', 'rw'),
    ]),
    register(0x24, 4, 'interrupt_status', 'Interrupt status', [
      flag(0, 'factorial', 'A factorial is computed'),
      flag(8, 'dma', 'A transfer is done'),
    ]),
    whole(0x60, 4, 'interrupt_raise', 'Bits to set in the interrupt status', 'wo'),
    whole(0x64, 4, 'interrupt_acknowledge', 'Bits to clear in the interrupt status', 'wo'),
    whole(0x80, 8, 'dma_source', 'DMA source address', 'rw'),
    whole(0x88, 8, 'dma_destination', 'DMA destination address', 'rw'),
    whole(0x90, 8, 'dma_count', 'DMA transfer count, bytes', 'rw'),
    register(0x98, 8, 'dma_command', 'DMA command', [
      flag(0, 'run', 'Start the transfer; reads 1 until it is done', 'rw'),
      bits(1, 1, 'direction', 'Direction', 'rw', values(['memory to device', 'device to memory'])),
      flag(2, 'interrupt', 'Interrupt when the transfer is done', 'rw'),
    ]),
  ],
});
