/** A 16550 serial port as a subject of the platform cases: its scratch register keeps, its empty sender interrupts. */
import type { Machine } from '../machine.js';
import type { PlatformSubject } from './platform-cases.js';

/** Registers (National Semiconductor PC16550D, table II). */
const INTERRUPT_ENABLE = 1;
const MODEM_CONTROL = 4;
const SCRATCH = 7;
const SENDER_EMPTY = 0x02;
/** The output that lets its interrupt out of the device on PCs. */
const OUT2 = 0x08;

/** @param name of a platform device that is a 16550 with nothing to send. */
export function uartSubject(machine: Machine, name: string): PlatformSubject {
  return {
    machine,
    name,
    storage: SCRATCH,
    interrupt: (region) => ({
      raise: () => {
        region.write8(MODEM_CONTROL, OUT2);
        region.write8(INTERRUPT_ENABLE, SENDER_EMPTY);
      },
      quiet: () => {
        region.write8(INTERRUPT_ENABLE, 0);
      },
    }),
  };
}
