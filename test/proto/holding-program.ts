/** A program that drives edu and ends in one of several ways, telling of each write to Command and to MSI's control. */
import { writeSync } from 'node:fs';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { openFunction } from '../../src/proto/program/index.js';

const [ending] = process.argv.slice(2);
const EDU = new PciAddress(0, 0, 1, 0);
const CONTROL = 2;

const machine = new SimMachine(
  parseMachine(`
    roots:
      - slots:
          - {slot: "01", model: edu}
          - {slot: "02", model: clearing}
  `),
);

if (ending === 'own handler') {
  process.on('SIGTERM', () => {
    say('handled');
    // The program goes on, and its function with it.
    fn.bar0.read32(0);
    process.exit(3);
  });
}

const fn = openFunction(machine, EDU);
const other = openFunction(machine, new PciAddress(0, 0, 2, 0));
fn.busMaster = other.busMaster = true;
const capability = fn.config.read(0x34, 1);
for (let at = capability; at !== 0; at = fn.config.read(at + 1, 1)) {
  if (fn.config.read(at, 1) !== 5) continue;
  machine.watchConfig(EDU, ({ offset, value }) => {
    if (offset === 4) say(`edu command ${value}`);
    if (offset === at + CONTROL) say(`edu msi ${value & 1}`);
  });
}
machine.watchConfig(other.address, ({ offset, value }) => {
  if (offset === 4) say(`other command ${value}`);
});
const arrivals = fn.interrupts.msi();
await fn.dma.allocate(4096);
say('ready');

switch (ending) {
  case 'return':
    break;
  case 'exit':
    process.exit(3);
    break;
  case 'throw':
    setImmediate(() => {
      throw new Error('nobody catches it');
    });
    break;
  case 'reject':
    void Promise.reject(new Error('nobody handles it'));
    break;
  default:
    // Until a signal.
    setInterval(() => undefined, 1000);
    for await (const irq of arrivals) say(`interrupt ${irq.count}`);
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
