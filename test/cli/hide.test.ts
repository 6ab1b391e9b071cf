/** `openslot hide`, `unhide` and `lint` as a user types them, on files of a folder of their own. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, beforeEach, describe, test } from 'node:test';
import { replaceFile, replacement, standingFile } from '../../src/admin/index.js';
import { BOOT_FILES } from '../../src/boot/index.js';
import { ChangeFolder, Changes } from '../../src/change/index.js';
import { lockState } from '../../src/owner/index.js';
import { Shell } from './serving.js';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'openslot-hide-'));
const state = join(root, 'state');
const env = { ...process.env, NO_COLOR: '1', OPENSLOT_STATE_DIR: state };

after(() => {
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'default'), { recursive: true });
});

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

const XEN = 'menu=Xen:load /netbsd-XEN3_DOM0.gz console=pc;multiboot /xen.gz\n';

describe('hide and unhide', () => {
  test('a record of what is hidden that is torn is told, and nothing is changed', () => {
    const file = join(root, 'boot.cfg');
    writeFileSync(file, XEN);
    mkdirSync(state, { recursive: true });
    for (const torn of ['[{"when":', '{}', '[null]', '[{}]', '[{"file":"boot.cfg","addresses":1}]']) {
      writeFileSync(join(state, 'hidden.json'), torn);
      for (const way of ['hide', 'unhide']) {
        const { status, stderr } = openslot(way, '05:00.0', '--for', 'netbsd', '--file', file);
        assert.equal(status, 1);
        assert.match(stderr, /^error HIDDEN_UNREADABLE: .*hidden\.json/, torn);
      }
      assert.equal(readFileSync(file, 'latin1'), XEN);
      assert.equal(readFileSync(join(state, 'hidden.json'), 'latin1'), torn);
    }
  });

  test('who keeps them is asked of FreeBSD alone', () => {
    for (const way of ['hide', 'unhide']) {
      const { status, stderr } = openslot(way, '05:00.0', '--for', 'netbsd', '--keeper', 'ppt');
      assert.equal(status, 2);
      assert.equal(
        stderr,
        `error: --keeper means nothing to the boot of netbsd\nnext  openslot ${way} --help\n`,
      );
    }
  });

  test('show the diff, keep mode and a copy, are recorded, and leave the file as it was', () => {
    const file = join(root, 'boot.cfg');
    writeFileSync(file, XEN);
    chmodSync(file, 0o640);
    const args = ['05:00.0', '--for', 'netbsd', '--file', file];
    const dry = openslot('hide', ...args, '--dry-run');
    assert.equal(dry.status, 0, dry.stderr);
    assert.match(
      dry.stdout,
      /^--- .*\n\+\+\+ .*\n@@ [^]*\n-menu=Xen[^]*\n\+menu=Xen.*pciback\.hide=\(05:00\.0\);/,
    );
    const steps =
      /\nplan {2}hide 0000:05:00\.0 for netbsd\n {2}1\. .*boot\.cfg.* {3}undo: .*\n {2}2\. .*hidden\.json.* {3}undo: .*\nnothing was changed\n$/;
    assert.match(dry.stdout, steps);
    const { steps: data, changed } = JSON.parse(openslot('hide', ...args, '--dry-run', '--json').stdout) as {
      readonly steps: readonly Readonly<Record<'what' | 'undo', string>>[];
      readonly changed: boolean;
    };
    assert.equal(changed, false);
    for (const { what, undo } of data)
      assert.ok(dry.stdout.includes(what) && dry.stdout.includes(undo), what);
    assert.equal(data.length, 2);
    assert.equal(readFileSync(file, 'latin1'), XEN, 'a dry run changes nothing');
    assert.ok(!existsSync(state));
    const done = openslot('hide', ...args);
    assert.equal(done.status, 0, done.stderr);
    assert.match(readFileSync(file, 'latin1'), /console=pc pciback\.hide=\(05:00\.0\);multiboot/);
    assert.equal(statSync(file).mode & 0o777, 0o640);
    assert.equal(readFileSync(`${file}.openslot-1`, 'latin1'), XEN);
    const [entry] = JSON.parse(readFileSync(join(state, 'hidden.json'), 'utf8')) as Record<string, unknown>[];
    assert.deepEqual(
      [entry?.['for'], entry?.['file'], entry?.['addresses']],
      ['netbsd', file, ['0000:05:00.0']],
    );
    assert.match(openslot('hide', ...args).stdout, /^nothing has to be changed/m);
    assert.match(
      openslot('unhide', ...args, '--dry-run').stdout,
      /\nplan {2}unhide .*\n {2}1\. .*boot\.cfg.*undo: /,
    );
    assert.equal(openslot('unhide', ...args).status, 0);
    assert.equal(readFileSync(file, 'latin1'), XEN);
    assert.ok(existsSync(`${file}.openslot-2`) && !existsSync(join(state, 'hidden.json')));
  });

  test('on a machine that was named: a bridge is refused, and nothing is recorded for the boots of this host', () => {
    const host = join(root, 'host');
    mkdirSync(host);
    const file = join(root, 'default', 'grub');
    writeFileSync(file, 'GRUB_DEFAULT=0\n');
    const options = ['--for', 'xen', '--file', file, '--on', `sim:${host}`];
    const bridge = openslot('hide', '00:01.0', ...options);
    assert.equal(bridge.status, 1);
    assert.match(bridge.stderr, /FUNCTION_NOT_ASSIGNABLE[^]*next {2}openslot list --on sim:/);
    const edu = openslot('hide', '01:00.0', ...options);
    assert.equal(edu.status, 0, edu.stderr);
    assert.match(readFileSync(file, 'latin1'), /xen-pciback\.hide=\(01:00\.0\)/);
    assert.ok(!existsSync(join(state, 'hidden.json')));
    const doctor = openslot('doctor', '--on', `sim:${host}`);
    assert.equal(doctor.status, 0, doctor.stderr);
    assert.doesNotMatch(doctor.stdout, /HIDE_/);
  });

  test('beside an owner, which is asked what the machine does with the function; and only in a file that is named', async () => {
    using shell = new Shell();
    const uses = '[{kind: mount, at: /home, via: nvme0n1p1}]';
    await using _owner = await shell.serve('machine', [
      `{slot: "01", model: nvme, driver: nvme, uses: ${uses}}`,
    ]);
    const file = shell.write('grub', 'GRUB_DEFAULT=0\n');
    const args = ['hide', '00:01.0', '--for', 'xen'] as const;
    assert.match(shell.refused(...args), /HIDE_FILE_ELSEWHERE/);
    assert.match(
      shell.refused(...args, '--file', file),
      /CLAIM_UNSAFE[^]*\n {2}mounted: [^]*--file \S+ --even-if-critical/,
    );
    // In the pool the host does nothing with it.
    shell.done('claim', '00:01.0', '--even-if-critical', '00:01.0');
    assert.equal(readFileSync(file, 'latin1'), 'GRUB_DEFAULT=0\n');
    shell.run(...args, '--file', file, '--even-if-critical', '00:01.0');
    assert.match(readFileSync(file, 'latin1'), /xen-pciback\.hide=\(00:01\.0\)/);
  });

  test('a link stays one, and its target is replaced', () => {
    const target = join(root, 'real.conf');
    writeFileSync(target, 'a="b"\n');
    symlinkSync(target, join(root, 'loader.conf'));
    const { status, stderr } = openslot(
      'hide',
      '0a:00.0',
      '--for',
      'freebsd',
      '--file',
      join(root, 'loader.conf'),
    );
    assert.equal(status, 0, stderr);
    assert.match(
      readFileSync(target, 'utf8'),
      /^a="b"\nhw\.proto\.attach="pci0:10:0:0" #.*\nproto_load="YES" #/,
    );
  });

  test('a limit of the reader refuses, and nothing is written', () => {
    const file = join(root, 'boot.cfg');
    writeFileSync(file, XEN);
    const { status, stderr } = openslot(
      ...['hide', '01:00.0', '02:00.0', '03:00.0', '04:00.0', '--for', 'netbsd', '--file', file],
    );
    assert.deepEqual(
      [status, readFileSync(file, 'latin1'), readdirSync(root).includes('boot.cfg.openslot-1')],
      [1, XEN, false],
    );
    assert.match(stderr, /BOOT_FILE_LIMIT[^]*MODULE_TEXT_CUT/);
  });

  test('what else stands at the path, or reads other files, is refused', () => {
    const file = join(root, 'boot.cfg');
    writeFileSync(file, XEN);
    linkSync(file, join(root, 'other'));
    const code = (...args: readonly string[]) =>
      /^error (\w+)/.exec(openslot('hide', '05:00.0', ...args).stderr)?.[1];
    assert.equal(code('--for', 'netbsd', '--file', file), 'FILE_UNFIT');
    assert.equal(code('--for', 'netbsd', '--file', root), 'FILE_UNFIT');
    assert.equal(code('--for', 'netbsd', '--file', join(root, 'none/boot.cfg')), 'HIDE_FILE_ABSENT');
    assert.equal(code('--for', 'freebsd', '--file', file), 'HIDE_FILE_KIND');
  });

  test('a function that is shown again is not to be claimed until the boot', () => {
    const args = ['05:00.0', '--for', 'vfio', '--file', join(root, 'driverctl.d')] as const;
    assert.match(
      openslot('hide', ...args).stdout,
      /^next {2}reboot; until then: openslot claim --for vfio 0000:05/m,
    );
    assert.match(openslot('unhide', ...args).stdout, /^next {2}reboot$/m);
  });

  test('a file whose name does not say what reads it is refused where the system has files of several kinds', () => {
    const file = join(root, 'functions.conf');
    const text = 'options vfio-pci disable_idle_d3=1\n';
    writeFileSync(file, text);
    for (const system of ['xen', 'vfio']) {
      const { status, stderr } = openslot('hide', '05:00.0', '--for', system, '--file', file);
      assert.equal(status, 1);
      assert.match(stderr, /^error HIDE_FILE_KIND: [^]*\nnext {2}--file .*grub.*modprobe\.d/);
    }
    assert.equal(readFileSync(file, 'latin1'), text);
    writeFileSync(join(root, 'grub'), 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n');
    const { status, stdout } = openslot('hide', '05:00.0', '--for', 'xen', '--file', join(root, 'grub'));
    assert.equal(status, 0);
    assert.match(stdout, /XEN_REPLACE_DEFAULT=/);
  });

  test('two at once: the second is told who is at it, however it writes the path of the directory', async () => {
    await using _lock = await lockState(state);
    const file = join(root, 'boot.cfg');
    writeFileSync(file, XEN);
    const link = join(root, 'link-to-state');
    symlinkSync(state, link);
    for (const path of [state, `${state}/`, relative(root, state), link]) {
      const child = spawn(process.execPath, [MAIN, 'hide', '05:00.0', '--for', 'netbsd', '--file', file], {
        cwd: root,
        env: { ...env, OPENSLOT_STATE_DIR: path },
      });
      let told = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        told += text;
      });
      await new Promise((resolve) => child.on('close', resolve));
      assert.match(told, new RegExp(`STATE_BUSY: process ${process.pid} changes files`), path);
      assert.equal(readFileSync(file, 'latin1'), XEN);
    }
  });
});

describe('a replaced file', () => {
  const plan = (file: string, text: string | null) => ({
    what: 'replace it',
    steps: [replacement(standingFile(file), text)],
  });

  test('is not written over what somebody else put there meanwhile', async () => {
    const file = join(root, 'grub');
    writeFileSync(file, 'A=1\n');
    const change = plan(file, 'A=2\n');
    writeFileSync(file, 'A=3\n');
    const changes = new Changes(new ChangeFolder(join(root, 'changes')), [replaceFile]);
    await assert.rejects(changes.apply(change), { code: 'FILE_CHANGED' });
    assert.equal(readFileSync(file, 'utf8'), 'A=3\n');
  });

  test('that a killed process left is taken back, or finished', async () => {
    const file = join(root, 'grub');
    for (const way of ['back', 'forth'] as const) {
      for (const begun of [false, true]) {
        writeFileSync(file, 'A=1\n');
        const folder = join(root, `changes-${way}-${begun}`);
        const change = plan(file, 'A=2\n');
        const [step] = change.steps;
        assert.ok(step !== undefined);
        const left = new ChangeFolder(folder).open(change);
        left.begin(0);
        if (begun) await replaceFile.apply(step);
        // As a write that was stopped leaves it.
        else writeFileSync(join(root, '.grub.openslot-new'), 'A=');
        left.leave();
        const [recovery] = await new Changes(new ChangeFolder(folder), [replaceFile]).recover(way);
        assert.equal(recovery?.outcome, way === 'back' ? 'undone' : 'finished', recovery?.why.join());
        assert.equal(readFileSync(file, 'utf8'), way === 'back' ? 'A=1\n' : 'A=2\n');
        assert.equal(existsSync(join(root, '.grub.openslot-new')), false);
        assert.equal(existsSync(step.backup ?? ''), way === 'forth');
        rmSync(step.backup ?? '', { force: true });
      }
    }
  });
});

describe('lint', () => {
  test('names line, column and rule, and ends with 1 where there are errors', () => {
    const file = join(root, 'boot.cfg');
    writeFileSync(file, `banner=x\n${XEN}timeout=never\n`);
    const { status, stdout } = openslot('lint', file);
    assert.equal(status, 1);
    assert.match(stdout, /boot\.cfg:3:9: error TIMEOUT_FOREVER "never": .*; the loader waits for ever/);
    writeFileSync(file, XEN);
    const unknown = join(root, 'unknown.cfg');
    writeFileSync(unknown, '');
    assert.deepEqual([openslot('lint', file).status, openslot('lint', unknown).status], [0, 2]);
    assert.match(openslot('lint', join(root, 'none.cfg')).stderr, /BOOT_FILE_UNREADABLE/);
    const data = JSON.parse(openslot('lint', '--json', file).stdout) as Record<string, unknown>;
    assert.deepEqual([data['kind'], data['sound'], data['findings']], ['boot.cfg', true, []]);
  });

  test('its page has every kind', () => {
    const page = readFileSync(new URL('../../../docs/lint.md', import.meta.url), 'utf8');
    for (const { name } of BOOT_FILES) assert.ok(page.includes(`| \`${name}\` |`), name);
  });
});

test('a function whose address was named for another device is refused, and taken when that is allowed', () => {
  const board = join(root, 'board.json');
  const at = (model: string) => {
    writeFileSync(board, JSON.stringify({ roots: [{ bus: 0, slots: [{ slot: '01', model }] }] }));
  };
  at('edu');
  assert.equal(openslot('name', '00:01.0', 'accel', '--on', `sim:${board}`).status, 0);
  at('testdev');
  const file = join(root, 'default/grub');
  writeFileSync(file, 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n');
  const args = ['hide', '00:01.0', '--for', 'xen', '--file', file, '--on', `sim:${board}`];
  const { status, stderr } = openslot(...args);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /not-as-named.*accel/);
  assert.equal(openslot(...args, '--allow', 'not-as-named').status, 0);
  assert.match(readFileSync(file, 'latin1'), /xen-pciback\.hide=\(00:01\.0\)/);
});
