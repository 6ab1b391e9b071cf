/** Lessons of advisories about requests: what a guest says is copied, checked, answered, and told of sparingly. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, OperationError } from '../../src/xen/pciif/index.js';
import { disk, edu } from '../function/shapes.js';
import { observeLoads, pageLoads } from '../hostile/page-loads.js';
import { ExportingHost } from '../pciback/exported.js';
import { toolStackCreates } from '../pciback/front-end.js';
import { ServedHost } from '../pciback/served-host.js';
import { WORD } from '../pciback/shared-page-guest.js';

const DISK = 0;
const EDU = 8;
const CACHE_LINE = 0x0c;
const BIST = 0x0f;

observeLoads();

describe('requests', () => {
  test('XSA-130: what a guest repeats is told once', async () => {
    await using host = new ServedHost([disk(), edu()]);
    await host.claimAll();
    await host.serve();
    await toolStackCreates(host.platform.store, 1, ['0000:00:08.0', '0000:00:05.0']);
    const front = host.front(1);
    await front.connect();
    const told = host.events.length;
    const ask = (fields: Parameters<typeof front.ask>[0]) => front.ask({ domain: 0, bus: 0, ...fields });
    for (let times = 0; times < 5000; times++) {
      ask({ command: Command.configWrite, devfn: DISK, offset: 0xc4, size: 4, value: times });
      ask({ command: Command.enableMsix, devfn: EDU, value: 1 });
      ask({ command: Command.enableMsi, devfn: DISK });
    }
    const kinds = host.events.slice(told).map(({ event }) => event);
    assert.deepEqual(kinds, ['write_refused', 'operation_failed', 'operation_failed']);
  });

  test('XSA-155: a request is what its words were when they were first read, whatever stands there later', async () => {
    await using host = await ExportingHost.start([disk(), edu()]);
    const { handled, machine } = host;
    const { guest } = handled;
    const [own, other] = [machine.device(disk().address), machine.device(edu().address)];
    /** After so many loads the page is another request; a load for each word, and one for the flags ahead of them. */
    for (let after = WORD.value; after < 20; after++) {
      own.writes.length = other.writes.length = 0;
      const request = {
        command: Command.configWrite,
        domain: 0,
        bus: 0,
        devfn: DISK,
        offset: CACHE_LINE,
        size: 1,
      };
      pageLoads.watch(guest.words, after, () => {
        guest.request({ ...request, command: Command.configWrite, devfn: EDU, offset: BIST, value: 0x40 });
      });
      guest.request({ ...request, value: after });
      handled.handler.service();
      pageLoads.end();
      assert.deepEqual(own.writes, [{ offset: CACHE_LINE, width: 1, value: after }], `after ${after} loads`);
      assert.deepEqual(other.writes, [], `after ${after} loads`);
    }
  });

  test('XSA-157: interrupts can be asked for in any state, and a wrong one is an answer', async () => {
    await using host = await ExportingHost.start([disk(), edu()]);
    const { handled: guest } = host;
    guest.write(DISK, 4, 2, 6);
    const vectors = (count: number) => {
      guest.guest.request(
        { command: Command.enableMsix, domain: 0, bus: 0, devfn: DISK, value: count },
        Array.from({ length: count }, (_, index) => index),
      );
      guest.handler.service();
      return guest.guest.reply().error;
    };
    const ask = (command: number, devfn: number) => guest.operate(command, devfn).error;
    const { success, operationFailed } = OperationError;
    for (const devfn of [DISK, EDU]) {
      assert.equal(ask(Command.disableMsi, devfn), success, 'off when it is off');
      assert.equal(ask(Command.disableMsix, devfn), success);
      assert.equal(ask(Command.enableMsi, devfn), success);
      assert.equal(ask(Command.enableMsi, devfn), operationFailed, 'on when it is on');
    }
    assert.equal(vectors(2), operationFailed, 'vectors beside a message');
    assert.equal(ask(Command.disableMsi, DISK), success);
    assert.equal(vectors(2), success);
    assert.equal(vectors(2), operationFailed);
    assert.equal(ask(Command.enableMsi, DISK), operationFailed, 'a message beside vectors');
    assert.equal(host.messages.length, 3, 'one of edu, two of the disk');
  });
});
