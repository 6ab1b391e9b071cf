/** The virtual clock: order, accesses, waits, the wall, and what keeps a process alive. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ACCESS_NANOSECONDS, VirtualClock, type Timer } from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';

const CLOCK = fileURLToPath(new URL('../../../src/machines/sim/clock.js', import.meta.url));

/** Runs a program that has a clock; its output and exit code. */
async function run(program: string): Promise<{ output: string; code: number | null }> {
  const source = `import { VirtualClock } from ${JSON.stringify(CLOCK)};\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { output, code };
}

describe('virtual clock, by hand', () => {
  test('events run in the order of their times, each at its own', () => {
    const clock = new VirtualClock('manual');
    const log: [string, number][] = [];
    for (const [name, due] of [
      ['b', 20],
      ['a', 10],
      ['c', 20],
      ['d', 31],
    ] as const) {
      clock.after(due, () => log.push([name, clock.now]));
    }
    clock.advance(30);
    assert.deepEqual(log, [
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
    assert.equal(clock.now, 30);
    assert.equal(clock.pending, 1);
  });

  test('an event that asks for another one is not overtaken by time', () => {
    const clock = new VirtualClock('manual');
    const times: number[] = [];
    const again = () => {
      times.push(clock.now);
      if (times.length < 4) clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(100);
    assert.deepEqual(times, [10, 20, 30, 40]);
  });

  test('an access costs its time and runs what is due by then', () => {
    const clock = new VirtualClock('manual');
    let ran = 0;
    clock.after(2.5 * ACCESS_NANOSECONDS, () => ran++);
    clock.access();
    clock.access();
    assert.deepEqual([clock.now, ran], [2 * ACCESS_NANOSECONDS, 0]);
    clock.access();
    assert.deepEqual([clock.now, ran], [3 * ACCESS_NANOSECONDS, 1]);
  });

  test('an access from within an event runs no other event', () => {
    const clock = new VirtualClock('manual');
    const log: string[] = [];
    clock.after(1, () => {
      clock.access();
      log.push('first');
    });
    clock.after(2, () => log.push('second'));
    clock.advance(10);
    assert.deepEqual(log, ['first', 'second']);
  });

  test('a wait jumps from event to event, and ends with its condition or its time', () => {
    const clock = new VirtualClock('manual');
    let level = 0;
    clock.after(5e6, () => level++);
    clock.after(9e6, () => level++);
    assert.equal(
      clock.waitUntil(100, () => level === 1),
      true,
    );
    assert.equal(clock.now, 5e6);
    assert.equal(
      clock.waitUntil(2, () => level === 2),
      false,
    );
    assert.equal(clock.now, 7e6);
    assert.equal(
      clock.waitUntil(Infinity, () => level === 2),
      true,
    );
    assert.equal(
      clock.waitUntil(Infinity, () => level === 3),
      false,
      'nothing is left that could happen',
    );
  });

  test('what is cancelled does not happen, and holds no place', () => {
    const clock = new VirtualClock('manual');
    const timers: Timer[] = [];
    for (let index = 0; index < 100; index++) timers.push(clock.after(index + 1, () => assert.fail('ran')));
    for (const timer of timers) {
      timer.cancel();
      timer.cancel();
    }
    assert.equal(clock.pending, 0);
    clock.advance(1000);
  });

  test('a stopped clock drops its events and takes no more', () => {
    const clock = new VirtualClock('manual');
    clock.after(1, () => assert.fail('ran'));
    clock.stop();
    clock.after(1, () => assert.fail('ran'));
    clock.advance(10);
  });

  test('property: whatever is asked for and cancelled, the rest runs once and in order', async () => {
    const step = fc.record({ delay: fc.integer({ min: 0, max: 50 }), cancel: fc.option(fc.nat(40)) });
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new VirtualClock('manual');
      const timers: { timer: Timer; due: number; id: number }[] = [];
      const ran: number[] = [];
      const cancelled = new Set<number>();
      for (const [id, { delay, cancel }] of steps.entries()) {
        const due = clock.now + Math.max(1, delay);
        timers.push({ due, id, timer: clock.after(delay, () => ran.push(id)) });
        const victim = cancel === null ? undefined : timers[cancel];
        if (victim !== undefined) {
          victim.timer.cancel();
          if (!ran.includes(victim.id)) cancelled.add(victim.id);
        }
        if (id % 7 === 6) clock.advance(5);
      }
      clock.advance(1000);
      const expected = timers
        .filter(({ id }) => !cancelled.has(id))
        .sort((a, b) => a.due - b.due || a.id - b.id);
      assert.deepEqual(
        ran,
        expected.map(({ id }) => id),
      );
    });
    await checkProperty('clock: events run once and in order', property);
  });
});

describe('virtual clock, on the wall', () => {
  test('an idle clock follows the wall, and never stands before it', async () => {
    const clock = new VirtualClock('wall');
    clock.access();
    const before = clock.now;
    const wall = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    clock.access();
    const passed = (clock.now - before) / 1e6;
    assert.ok(passed >= 29, `${passed} ms of ${performance.now() - wall} passed`);
    clock.stop();
  });

  test('an event happens while the program does something else', async () => {
    const clock = new VirtualClock('wall');
    let at = 0;
    clock.after(5e6, () => (at = clock.now));
    // Another timer keeps the process: the clock alone would not.
    for (let tries = 0; at === 0 && tries < 500; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(at >= 5e6, `at ${at}`);
    clock.stop();
  });

  test('what was started and is over within a millisecond happens in the next turns, awaited or not', async () => {
    const clock = new VirtualClock('wall');
    const log: string[] = [];
    clock.after(5e5, () => {
      log.push('first');
      clock.after(1e5, () => log.push('second'));
    });
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(log, ['first', 'second']);
    clock.stop();
  });

  test('what an event starts again and again does not run away from the wall', async () => {
    const clock = new VirtualClock('wall');
    clock.access();
    const [virtual, wall] = [clock.now, performance.now()];
    let ran = 0;
    const again = () => {
      ran++;
      clock.after(20_000, again);
    };
    clock.after(20_000, again);
    for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve));
    // Ahead by what is prompt and by what Node's timers cannot tell apart, a millisecond each, and one period.
    const ahead = (clock.now - virtual) / 1e6 - (performance.now() - wall);
    assert.ok(ahead <= 2.02, `${ahead} ms ahead`);
    assert.ok(ran >= 49, `${ran} events`);
    clock.stop();
  });

  test('after a wait that jumped, time goes on from there', async () => {
    const clock = new VirtualClock('wall');
    assert.equal(
      clock.waitUntil(10_000, () => false),
      false,
    );
    const jumped = clock.now;
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.access();
    assert.ok(clock.now - jumped < 5e9, 'the wall did not have to catch up');
    assert.ok(clock.now - jumped >= 19e6, `${clock.now - jumped} ns`);
    clock.stop();
  });

  test('a process with queued events that nobody awaits ends', async () => {
    const { output, code } = await run(
      `const clock = new VirtualClock('wall'); clock.after(60e9, () => console.log('ran')); console.log('end');`,
    );
    assert.deepEqual([output, code], ['end\n', 0]);
  });

  test('a process that awaits an event lives until it has happened', async () => {
    const { output, code } = await run(
      `const clock = new VirtualClock('wall');
       clock.after(20e6, () => { console.log('ran'); clock.endWait(); });
       clock.beginWait();`,
    );
    assert.deepEqual([output, code], ['ran\n', 0]);
  });

  test('events that are due together with more than a turn can run do not hold the loop', async () => {
    const clock = new VirtualClock('wall');
    let ran = 0;
    const storm = () => {
      ran++;
      clock.after(1, storm);
    };
    clock.after(1, storm);
    clock.beginWait();
    let turns = 0;
    for (; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.ok(ran > 1000, `${ran} events`);
    clock.endWait();
    clock.stop();
  });
});
