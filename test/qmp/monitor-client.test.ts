/** QEMU's monitor as a client meets it: answers in any order and any pieces, ends, silence, and what is no monitor at all. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { OpenslotError } from '../../src/pci/index.js';
import { connectMonitor, MonitorRefusedError } from '../../src/qmp/index.js';
import { parseMessage } from '../../src/qmp/message.js';
import { checkProperty } from '../kept-seeds.js';
import { qemu, skip } from '../machines/qemu/qemu.js';
import { RestingMachine } from '../virtual-machine/resting-machine.js';

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

describe('a line of a monitor’s', () => {
  test('any text is a message or is none', async () => {
    const json = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            QMP: fc.jsonValue(),
            return: fc.jsonValue(),
            error: fc.oneof(fc.jsonValue(), fc.record({ class: fc.jsonValue(), desc: fc.jsonValue() })),
            event: fc.oneof(fc.string(), fc.jsonValue()),
            data: fc.jsonValue(),
            id: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
    );
    await checkProperty(
      'monitor: any line is an answer or a fault',
      fc.property(json, (line) => {
        const message = parseMessage(line);
        if (message?.kind === 'refusal') assert.equal(typeof message.said, 'string');
        if (message?.kind === 'event') assert.equal(typeof message.data, 'object');
      }),
      { numRuns: 500 },
    );
  });

  test('each kind is told from the others', () => {
    const kindOf = (line: string) => parseMessage(line)?.kind;
    assert.deepEqual(
      [
        '{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 22}}}}',
        '{"return": {}, "id": 1}',
        '{"error": {"class": "GenericError", "desc": "no"}, "id": 2}',
        '{"event": "RESUME", "data": {}}',
        '{}',
        '(qemu) ',
      ].map(kindOf),
      ['greeting', 'answer', 'refusal', 'event', undefined, undefined],
    );
  });
});

describe('what may stand at a socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'monitors-'));
  const servers: Server[] = [];
  let count = 0;
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  /** @param serve what the other end does with who comes. */
  async function socketOf(serve: (client: Socket) => void): Promise<string> {
    const path = join(folder, String(count++));
    const server = createServer((client) => {
      client.on('error', () => undefined);
      serve(client);
    });
    servers.push(server);
    server.listen(path);
    await once(server, 'listening');
    return path;
  }

  test('nothing', async () => {
    await assert.rejects(connectMonitor(join(folder, 'none')), code('QMP_UNREACHABLE'));
  });

  test('somebody who says nothing', async () => {
    const path = await socketOf(() => undefined);
    await assert.rejects(connectMonitor(path, { greeting: 50 }), code('QMP_SILENT'));
  });

  test('the human monitor, or a line without an end', async () => {
    for (const text of ['QEMU 7.2.22 monitor - type help\r\n', 'x'.repeat(5 * 1024 * 1024)]) {
      const path = await socketOf((client) => client.write(text));
      await assert.rejects(connectMonitor(path), code('QMP_PROTOCOL'));
    }
  });

  test('one that ends in the middle, or answers one command and not the next', async () => {
    const greeting = '{"QMP": {"version": {}}}\n';
    const ends = await socketOf((client) => client.end(greeting));
    await assert.rejects(connectMonitor(ends), code('QMP_ENDED'));
    const stops = await socketOf((client) => {
      client.write(greeting);
      client.once('data', () => client.write('{"return": {}, "id": 1}\n'));
    });
    using monitor = await connectMonitor(stops, { patience: 50 });
    await assert.rejects(monitor.execute('query-status'), code('QMP_SILENT'));
  });

  test('answers find their commands in any order, cut anywhere, with events between', async () => {
    await checkProperty(
      'monitor: answers in any order',
      fc.asyncProperty(
        fc.shuffledSubarray([2, 3, 4, 5], { minLength: 4 }),
        fc.array(fc.nat(300), { maxLength: 8 }),
        async (order, cuts) => {
          const path = await socketOf((client) => {
            client.write('{"QMP": {}}\n');
            let seen = '';
            client.on('data', (bytes: Buffer) => {
              seen += bytes.toString();
              if (seen.split('\n').length === 2) client.write('{"return": {}, "id": 1}\r\n');
              // The line of its own command, and of four others.
              if (seen.split('\n').length !== 6) return;
              const text = order
                .map((id) => `{"event": "E${id}"}\r\n{"return": "answer ${id}", "id": ${id}}\r\n`)
                .join('');
              let at = 0;
              for (const cut of [...cuts.toSorted((a, b) => a - b), text.length]) {
                client.write(text.slice(at, cut));
                at = Math.max(at, cut);
              }
            });
          });
          using monitor = await connectMonitor(path);
          const events: string[] = [];
          using _listening = monitor.onEvent((name) => events.push(name));
          const answers = await Promise.all([2, 3, 4, 5].map(() => monitor.execute('query-status')));
          assert.deepEqual(answers, ['answer 2', 'answer 3', 'answer 4', 'answer 5']);
          assert.deepEqual(
            events,
            order.map((id) => `E${id}`),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe(`QEMU ${qemu?.version ?? ''}`, { skip }, () => {
  let machine: RestingMachine;
  before(async () => {
    assert.ok(qemu !== undefined);
    machine = await RestingMachine.start({ ...qemu, ports: 0 });
  });
  after(async () => machine[Symbol.asyncDispose]());

  test('tells its version, answers, and refuses in its own words', async () => {
    using monitor = await connectMonitor(machine.monitor);
    assert.equal(await monitor.ready, qemu?.version.replace(/[^\d.].*/, ''));
    assert.match(JSON.stringify(await monitor.execute('query-status')), /"running"/);
    await assert.rejects(monitor.execute('no-such-command'), (error) => {
      assert.ok(error instanceof MonitorRefusedError);
      assert.equal(error.errorClass, 'CommandNotFound');
      return true;
    });
  });

  test('serves one client at a time on a socket, and the next one when that is gone', async () => {
    using first = await connectMonitor(machine.monitor);
    await assert.rejects(connectMonitor(machine.monitor, { greeting: 200 }), code('QMP_SILENT'));
    first[Symbol.dispose]();
    using _second = await connectMonitor(machine.monitor);
  });

  test('ends without an answer when it is told to quit', async () => {
    using monitor = await connectMonitor(machine.monitor);
    await monitor.execute('quit').catch(() => undefined);
    await assert.rejects(monitor.execute('query-status'), code('QMP_ENDED'));
  });
});
