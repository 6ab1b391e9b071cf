/** Platform devices of the simulated machine: the cases of the port, the serial port as its data sheet has it, refused places. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PLATFORM_CASES, uartSubject } from '../../../src/function/compliance/index.js';
import type { Region } from '../../../src/function/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';

const MACHINE = `
roots: [{slots: [{slot: "02", model: edu}]}]
platform:
  - {model: uart16550, memory: 0xfed00000}
  - {model: uart16550, ports: 0x3f8, line: 4, options: {peer: echo}}
`;
const SERIAL = 'isa:0x3f8';

function machineOf(text = MACHINE): SimMachine {
  return new SimMachine(parseMachine(text), { clock: 'manual' });
}

describe('platform devices', () => {
  for (const { name, run } of PLATFORM_CASES)
    test(name, async () => {
      using machine = machineOf();
      await run(uartSubject(machine, SERIAL));
    });

  test('are listed with what was said of them, in memory and at ports', () => {
    using machine = machineOf();
    assert.deepEqual(
      machine.platform
        .list()
        .map(({ name, model, regions, interruptLines }) => [
          name,
          model,
          regions.map(({ kind, size }) => `${kind} ${size}`).join(),
          interruptLines.join(),
        ]),
      [
        [SERIAL, 'uart16550', 'io 8', '4'],
        ['isa:0xfed00000', 'uart16550', 'memory 8', ''],
      ],
    );
    using device = machine.platform.open('isa:0xfed00000');
    assert.equal(device.interrupts, undefined);
    using region = device.openRegion(0);
    region.write8(7, 0x42);
    assert.equal(region.read8(7), 0x42);
  });

  test('stand on the bus of the machine, and their lines beside those of pins', () => {
    using machine = machineOf();
    const levels: boolean[] = [];
    using _ = machine.host.watchLine(4, (level) => levels.push(level));
    const ports = machine.host.openRange('io', 0x3f8 as Parameters<typeof machine.host.openRange>[1], 8);
    ports.write8(4, 0x08);
    ports.write8(1, 0x02);
    assert.equal(machine.host.lineLevel(4), true);
    assert.equal(ports.read8(2), 0x02);
    assert.deepEqual(levels, [true, false]);
  });

  test('a description of what cannot be is refused with its place', () => {
    for (const [device, why] of [
      ['{model: none, ports: 0x3f8}', /no platform device kind is named none/],
      ['{model: uart16550}', /ports or in memory/],
      ['{model: uart16550, ports: 0x3f8, memory: 0xfed00000}', /ports or in memory/],
      ['{model: uart16550, ports: 0x3fa}', /no multiple of 8/],
      ['{model: uart16550, ports: 0xffc}', /no multiple of 8/],
      ['{model: uart16550, ports: 0x1000}', /platform\.0\.ports|platform\[0\]/],
      ['{model: uart16550, memory: 0x80000000}', /not below 1 MiB/],
      ['{model: uart16550, ports: 0x3f8, line: 16}', /line/],
      ['{model: uart16550, ports: 0x3f8, options: {peer: cat}}', /"cat" is not one of nothing, echo/],
      [
        '{model: uart16550, ports: 0x3f8}, {model: uart16550, ports: 0x3f8}',
        /another platform device’s|another platform device's/,
      ],
      [
        '{model: uart16550, ports: 0x3f8, line: 4}, {model: uart16550, ports: 0x2f8, line: 4}',
        /line 4 is that of isa:0x3f8/,
      ],
    ] as const)
      assert.throws(() => machineOf(`roots: [{slots: []}]\nplatform: [${device}]`), {
        code: 'MACHINE_DESCRIPTION',
        message: why,
      });
  });
});

describe('the serial port', () => {
  const DATA = 0;
  const IER = 1;
  const IIR = 2;
  const LCR = 3;
  const MCR = 4;
  const LSR = 5;
  const MSR = 6;
  const LOOP = 0x10;

  function opened(run: (region: Region, machine: SimMachine) => void, text = MACHINE): void {
    using machine = machineOf(text);
    using device = machine.platform.open(SERIAL);
    using region = device.openRegion(0);
    // 8 bits, no parity; 115200 baud.
    region.write8(LCR, 0x83);
    region.write8(DATA, 1);
    region.write8(IER, 0);
    region.write8(LCR, 0x03);
    run(region, machine);
  }

  const CHARACTER = (10 * 16 * 1e9) / 1_843_200;

  test('sends at its speed, and receives what comes back', () => {
    opened((region, { clock }) => {
      assert.equal(region.read8(LSR), 0x60);
      const start = clock.now;
      region.write8(DATA, 0x41);
      assert.equal(region.read8(LSR), 0x20, 'the shift register is at work, the holding register empty');
      while ((region.read8(LSR) & 0x40) === 0);
      assert.ok(Math.abs(clock.now - start - CHARACTER) < 10_000, `${clock.now - start} ns`);
      assert.equal(region.read8(LSR), 0x61);
      assert.equal(region.read8(DATA), 0x41);
      assert.equal(region.read8(LSR), 0x60);
    });
  });

  test('the divisor is behind its latch', () => {
    opened((region) => {
      region.write8(LCR, 0x83);
      region.write16(DATA, 0x0c);
      assert.equal(region.read16(DATA), 0x0c);
      region.write8(LCR, 0x03);
      assert.equal(region.read8(IER), 0);
    });
  });

  test('without FIFOs a second character that nobody took is an overrun, which reading tells once', () => {
    opened((region, { clock }) => {
      region.write8(DATA, 1);
      region.write8(DATA, 2);
      clock.advance(3 * CHARACTER);
      assert.equal(region.read8(LSR), 0x63);
      assert.equal(region.read8(LSR), 0x61);
      assert.equal(region.read8(DATA), 1);
    });
  });

  test('FIFOs hold 16 characters, tell at their trigger, and of a rest after four characters of silence', () => {
    opened((region, { clock }) => {
      region.write8(IIR, 0x41);
      region.write8(IER, 0x01);
      assert.equal(region.read8(IIR), 0xc1);
      for (let value = 0; value < 3; value++) region.write8(DATA, value);
      clock.advance(3.5 * CHARACTER);
      assert.equal(region.read8(IIR), 0xc1, 'below the trigger of 4');
      clock.advance(4 * CHARACTER);
      assert.equal(region.read8(IIR), 0xcc);
      region.write8(DATA, 3);
      clock.advance(1.5 * CHARACTER);
      assert.equal(region.read8(IIR), 0xc4);
      assert.deepEqual(
        [0, 1, 2, 3].map(() => region.read8(DATA)),
        [0, 1, 2, 3],
      );
      assert.equal(region.read8(IIR), 0xc1);
      for (let value = 0; value < 20; value++) region.write8(DATA, value);
      clock.advance(30 * CHARACTER);
      // One was in the shift register, sixteen in the FIFO, and the rest was lost before the line.
      assert.equal(region.read8(LSR) & 0x03, 0x03);
    });
  });

  test('interrupts come in their priority, and reading that the sender is empty ends it', () => {
    opened((region, { clock }) => {
      region.write8(IER, 0x0f);
      assert.equal(region.read8(IIR), 0x02);
      assert.equal(region.read8(IIR), 0x01);
      region.write8(MCR, 0x03);
      region.write8(DATA, 1);
      region.write8(DATA, 2);
      clock.advance(3 * CHARACTER);
      assert.equal(region.read8(IIR), 0x06);
      region.read8(LSR);
      assert.equal(region.read8(IIR), 0x04);
      region.read8(DATA);
      assert.equal(region.read8(IIR), 0x02);
      assert.equal(region.read8(IIR), 0x00);
      assert.equal(region.read8(MSR), 0xbb);
      assert.equal(region.read8(IIR), 0x01);
    });
  });

  test('inside of its loop the outputs are its inputs, and nothing leaves it', () => {
    opened(
      (region, { clock, host }) => {
        region.write8(IER, 0x01);
        region.write8(MCR, LOOP | 0x0f);
        assert.equal(region.read8(MSR) & 0xf0, 0xf0);
        region.write8(DATA, 0x55);
        clock.advance(2 * CHARACTER);
        assert.equal(region.read8(IIR), 0x04);
        assert.equal(host.lineLevel(4), false);
        assert.equal(region.read8(DATA), 0x55);
      },
      MACHINE.replace(', options: {peer: echo}', ''),
    );
  });
});
