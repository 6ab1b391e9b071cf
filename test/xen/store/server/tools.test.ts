/** Xen's own tools on the server: each of them, what it prints and how it ends. Debian's package is `xenstore-utils`. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { StoreServer } from '../../../../src/xen/store/index.js';
import { permissions } from '../tree-text.js';

const isMissing = spawnSync('xenstore-ls', ['-h']).error !== undefined;
const skip = isMissing ? 'the tools are not installed: apt-get install xenstore-utils' : false;

describe('Xen’s tools', { skip }, () => {
  let server: StoreServer;
  let directory: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-'));
    server = new StoreServer();
    await server.listen(join(directory, 'socket'));
    environment = { ...process.env, XENSTORED_PATH: join(directory, 'socket') };
  });

  after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  /** The exit code and what was printed; the server is in this process, so nothing may block it. */
  function run(tool: string, ...parameters: readonly string[]): Promise<readonly [number, string]> {
    return new Promise((resolve, reject) => {
      execFile(`xenstore-${tool}`, parameters, { env: environment }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve([code, stdout + stderr]);
        else reject(new Error(`xenstore-${tool} did not run`, { cause: error }));
      });
    });
  }

  it('xenstore-write and xenstore-read', async () => {
    assert.deepEqual(await run('write', '/rw/a', '1', '/rw/b', 'two words'), [0, '']);
    assert.equal(server.read('/rw/b'), 'two words');
    assert.deepEqual(await run('read', '/rw/a', '/rw/b'), [0, '1\ntwo words\n']);
    assert.deepEqual(await run('read', '-p', '/rw/a'), [0, '/rw/a: 1\n']);
    assert.deepEqual(await run('read', '/rw/missing'), [
      1,
      "xenstore-read: couldn't read path /rw/missing\n",
    ]);
    assert.deepEqual(await run('write', '/rw//c', 'x'), [1, 'xenstore-write: could not write path /rw//c\n']);
  });

  it('xenstore-list, also what needs several messages', async () => {
    server.write('/list/one', '');
    server.write('/list/two', '');
    assert.deepEqual(await run('list', '/list'), [0, 'one\ntwo\n']);
    assert.deepEqual(await run('list', '-p', '/list'), [0, '/list/one\n/list/two\n']);
    assert.deepEqual(await run('list', '/list/missing'), [
      1,
      'xenstore-list: could not list path /list/missing\n',
    ]);
    const names = Array.from({ length: 900 }, (_, index) => `child-number-${index}`);
    for (const name of names) server.write(`/list/one/${name}`, '');
    assert.deepEqual(await run('list', '/list/one'), [0, `${names.join('\n')}\n`]);
  });

  it('xenstore-exists and xenstore-rm', async () => {
    server.write('/rm/a/b', '');
    assert.deepEqual(await run('exists', '/rm/a/b'), [0, '']);
    assert.deepEqual(await run('rm', '-t', '/rm/a/b'), [0, '']);
    assert.deepEqual(await run('exists', '/rm'), [1, '']);
    assert.deepEqual(await run('rm', '/rm'), [0, '']);
    assert.deepEqual(await run('rm', '/rm/deeper'), [1, 'xenstore-rm: could not remove path /rm/deeper\n']);
  });

  it('xenstore-chmod, on a tree', async () => {
    server.write('/chmod/a/b', '');
    assert.deepEqual(await run('chmod', '-r', '/chmod', 'n0', 'r1', 'b2'), [0, '']);
    assert.match((await run('ls', '-fp', '/chmod'))[1], /^\/chmod\/a\/b = "" {3}\(n0,r1,b2\)$/m);
    assert.notEqual((await run('chmod', '/chmod/missing', 'n0'))[0], 0);
  });

  it('xenstore-ls, with values of any bytes', async () => {
    server.write('/ls/text', 'plain "quoted" \\ back');
    server.write('/ls/bytes', '\t\n\r\x01\x7f\u00ff');
    server.setPermissions('/ls/bytes', permissions('b3', 'r0'));
    assert.deepEqual(await run('ls', '/ls'), [
      0,
      'text = "plain "quoted" \\\\ back"\nbytes = "\\t\\n\\r\\001\\x7f\\xff"\n',
    ]);
    assert.deepEqual(await run('ls', '-fp', '/ls'), [
      0,
      '/ls/text = "plain "quoted" \\\\ back"   (n0)\n/ls/bytes = "\\t\\n\\r\\001\\x7f\\xff"   (b3,r0)\n',
    ]);
    assert.deepEqual(await run('ls', '/ls/missing'), [
      1,
      'xenstore-ls: xs_directory (/ls/missing): No such file or directory\n',
    ]);
  });

  it('xenstore-watch', async () => {
    const watch = spawn('xenstore-watch', ['-n', '4', '/watch'], { env: environment });
    let printed = '';
    watch.stdout.setEncoding('latin1').on('data', (text: string) => (printed += text));
    const until = async (text: string): Promise<void> => {
      while (printed !== text) {
        await new Promise((resolve) => watch.stdout.once('data', resolve));
        assert.ok(text.startsWith(printed), printed);
      }
    };
    const ended = new Promise((resolve) => watch.once('close', resolve));
    await until('/watch\n');
    server.write('/watch/a', '1');
    await until('/watch\n/watch/a\n');
    server.setPermissions('/watch/a', permissions('n0', 'r1'));
    await until('/watch\n/watch/a\n/watch/a\n');
    server.remove('/watch');
    assert.equal(await ended, 0);
    assert.equal(printed, '/watch\n/watch/a\n/watch/a\n/watch\n');
  });
});
