/** What the service manager hears, on a real datagram socket; and that the unit is one it can read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemLibrary, waitReadable } from '../../src/os/index.js';
import { ServiceManager } from '../../src/owner/index.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-notify-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A bound datagram socket, as the manager has one. */
class Manager implements Disposable {
  readonly #fd: number;

  constructor(name: string) {
    const path = Buffer.from(name.startsWith('@') ? `\0${name.slice(1)}` : `${name}\0`);
    const address = Buffer.concat([Uint8Array.of(1, 0), path]);
    this.#fd = systemLibrary().bind('int socket(int domain, int type, int protocol)')(1, 2, 0) as number;
    const bind = systemLibrary().bind('int bind(int fd, void *address, uint32_t length)');
    assert.equal(bind(this.#fd, address, address.length), 0);
  }

  /** The next datagram. */
  hear(): string {
    assert.ok(waitReadable(this.#fd, 30_000, 'the notification socket'));
    const bytes = Buffer.alloc(4096);
    const receive = systemLibrary().bind('int64_t recv(int fd, void *data, size_t length, int flags)');
    const length = Number(receive(this.#fd, bytes, bytes.length, 0));
    return bytes.toString('utf8', 0, length);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function unexpected(error: unknown): void {
  assert.fail(String(error));
}

describe('the service manager', () => {
  for (const name of [join(folder, 'notify.sock'), `@openslot-test-${process.pid}`])
    test(`hears that we are ready, and about to stop, at ${name.startsWith('@') ? 'an abstract name' : 'a path'}`, () => {
      using heard = new Manager(name);
      using told = new ServiceManager(unexpected, { NOTIFY_SOCKET: name });
      told.ready('ready: 2 functions\nin the pool');
      assert.equal(heard.hear(), 'READY=1\nSTATUS=ready: 2 functions in the pool');
      told.stopping();
      assert.equal(heard.hear(), 'STOPPING=1');
    });

  test('hears that we live, twice as often as it asks', async () => {
    const name = join(folder, 'watchdog.sock');
    using heard = new Manager(name);
    const environment = { NOTIFY_SOCKET: name, WATCHDOG_USEC: '20000', WATCHDOG_PID: String(process.pid) };
    using _told = new ServiceManager(unexpected, environment);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(heard.hear(), 'WATCHDOG=1');
  });

  test('is left alone where there is none, and one that is gone is told of and no more', () => {
    using nobody = new ServiceManager(unexpected, {});
    nobody.ready('ready');
    const errors: unknown[] = [];
    using gone = new ServiceManager((error) => errors.push(error), { NOTIFY_SOCKET: join(folder, 'nobody') });
    gone.ready('ready');
    using long = new ServiceManager((error) => errors.push(error), { NOTIFY_SOCKET: `/${'x'.repeat(200)}` });
    long.stopping();
    assert.deepEqual(
      errors.map((error) => (error as { errno?: string }).errno),
      ['ENOENT', 'ENAMETOOLONG'],
    );
  });

  for (const name of ['openslot.service', 'openslot-apply.service'])
    test(`reads the unit ${name}`, (context) => {
      const unit = fileURLToPath(new URL(`../../../systemd/${name}`, import.meta.url));
      const found = spawnSync('systemd-analyze', ['--version']);
      if (found.error !== undefined) {
        context.skip('no systemd-analyze here');
        return;
      }
      const main = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
      const copy = join(folder, name);
      const text = readFileSync(unit, 'utf8');
      // It is installed nowhere here.
      writeFileSync(copy, text.replaceAll(/^(Exec\w+=)openslot/gm, `$1${process.execPath} ${main}`));
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
      // It looks at units of this host, too.
      assert.deepEqual(
        stderr.split('\n').filter((line) => line.includes(name)),
        [],
      );
    });
});
