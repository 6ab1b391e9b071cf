/** Bursts: whoever asks again soon is answered without an event, and nobody is looked for without end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Burst } from '../../../src/xen/native/burst.js';

/** A front end that asks for the next thing when it has had the processor so many times since the last answer. */
class Asking {
  answered = 0;
  looked = 0;
  yields = 0;
  /** Events that it was sent, and of those the ones that came with the processor. */
  events = 0;
  eventsWithYield = 0;
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
        // It waits for an event after each request: the answer to the one before must have come with one.
        assert.equal(this.events, this.answered, 'the last answer was told');
        this.#left--;
        this.answered++;
        this.#waits = waits();
        this.burst.notify();
        return true;
      },
      {
        notify: () => {
          this.events++;
        },
        notifyAndYield: () => {
          this.events++;
          this.eventsWithYield++;
          this.#yielded();
        },
        yieldProcessor: () => {
          this.#yielded();
        },
      },
    );
  }

  #yielded(): void {
    this.yields++;
    this.#waits--;
  }

  /** Its next event: it has asked by then. */
  event(): void {
    this.#waits = 0;
    this.burst.answer();
    assert.equal(this.events, this.answered, 'every answer is told, and told once');
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
    assert.equal(asking.eventsWithYield, 0, 'an answer is told before the next look');
  });

  test('is looked for by yields alone where both ends share a processor, each with its event', () => {
    const asking = new Asking(500, () => 1);
    while (asking.answered < 200) asking.event();
    const before = { ...asking };
    while (asking.answered < 250) asking.event();
    const requests = asking.answered - before.answered;
    assert.equal(asking.looked - before.looked, requests, 'no look that finds nothing');
    assert.ok(asking.eventsWithYield - before.eventsWithYield >= requests - 2);
  });

  test('is looked for by glances again when the other end has got a processor of its own', () => {
    let shares = true;
    const asking = new Asking(4000, () => (shares ? 1 : 0));
    while (asking.answered < 500) asking.event();
    shares = false;
    while (asking.answered < 2000) asking.event();
    const before = asking.yields;
    while (asking.answered < 3000) asking.event();
    assert.ok(asking.yields - before < 100, `${asking.yields - before} yields for 1000 requests`);
  });

  test('an event that nobody answers is sent at once', () => {
    const asking = new Asking(0, () => 0);
    asking.burst.notify();
    assert.equal(asking.events, 1);
  });

  test('a handler that throws has its event sent, too', () => {
    let events = 0;
    const burst = new Burst(
      () => {
        burst.notify();
        throw new Error('of the handler');
      },
      { notify: () => events++, notifyAndYield: () => events++, yieldProcessor: () => undefined },
    );
    assert.throws(() => burst.answer(), /of the handler/);
    assert.equal(events, 1);
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
