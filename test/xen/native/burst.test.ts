/** Bursts: whoever asks again soon is answered without an event, and nobody is looked for without end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Burst } from '../../../src/xen/native/burst.js';

/** A front end that asks for the next thing when it has had the processor so many times since the last answer. */
class Asking {
  answered = 0;
  looked = 0;
  yields = 0;
  #left: number;
  #waits: number;
  readonly burst: Burst;

  constructor(requests: number, waits: () => number) {
    this.#left = requests;
    this.#waits = 0;
    this.burst = new Burst(
      () => {
        this.looked++;
        if (this.#left === 0 || this.#waits > 0) return false;
        this.#left--;
        this.answered++;
        this.#waits = waits();
        return true;
      },
      () => {
        this.yields++;
        this.#waits--;
      },
    );
  }

  /** Its next event: it has asked by then. */
  event(): void {
    this.#waits = 0;
    this.burst.answer();
  }
}

describe('a burst of requests', () => {
  test('is answered whole within one event, a look apart', () => {
    const asking = new Asking(50, () => 1);
    asking.event();
    assert.equal(asking.answered, 50);
  });

  test('needs no yield where the other end has a processor of its own', () => {
    const asking = new Asking(50, () => 0);
    asking.event();
    assert.equal(asking.answered, 50);
    assert.ok(asking.yields <= 40, 'only the looks for what did not come any more');
  });

  test('ends after a number of requests, so that others have their turn', () => {
    const asking = new Asking(1_000_000, () => 0);
    asking.event();
    assert.ok(asking.answered > 8 && asking.answered < 1000, String(asking.answered));
    const first = asking.answered;
    asking.event();
    assert.equal(asking.answered, 2 * first);
  });

  test('an event without a request is looked at once', () => {
    const asking = new Asking(0, () => 0);
    asking.event();
    assert.deepEqual([asking.looked, asking.yields], [1, 0]);
  });

  test('one that asks seldom is hardly looked for', () => {
    const asking = new Asking(1000, () => Infinity);
    for (let request = 0; request < 1000; request++) asking.event();
    assert.equal(asking.answered, 1000);
    assert.ok(asking.yields < 3000, `${asking.yields} looks for nothing`);
  });

  test('bursts are found again after a time without any', () => {
    let distance = Infinity;
    const asking = new Asking(1000, () => distance);
    for (let request = 0; request < 200; request++) asking.event();
    distance = 3;
    let events = 0;
    while (asking.answered < 1000 && events < 800) {
      asking.event();
      events++;
    }
    assert.ok(events < 100, `${events} events for 800 requests`);
  });
});
