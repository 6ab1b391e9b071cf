/** watch and repl as processes, beside an owner that runs. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { MAIN, registerOwner } from './register-owner.js';
import { Terminal } from './terminal.js';

const PROMPT = /01:00\.0> /;

const { runtime, env, openslot, openslotWith, printed } = registerOwner();

describe('watch', () => {
  test('shows changes until a register has a value', async () => {
    printed('set', '01:00.0', 'factorial=3');
    const child = spawn(
      process.execPath,
      [
        MAIN,
        'watch',
        '01:00.0',
        'factorial',
        '--until',
        'factorial=720',
        '--timeout',
        '60',
        '--interval',
        '10',
        '--json',
      ],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const seen: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const { hex } = JSON.parse(line) as { hex: string };
      seen.push(hex);
      if (seen.length === 1) printed('set', '01:00.0', 'factorial=6');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 0);
    assert.deepEqual([seen[0], seen.at(-1)], ['0x00000006', '0x000002d0']);
  });

  test('without a register shows each field of configuration space that changes, and nothing else', async () => {
    const set = (value: string) => printed('set', '00:04.0', `config:0x0c/1=${value}`, '--even-if-used');
    set('0');
    const child = spawn(process.execPath, [MAIN, 'watch', '00:04.0', '--interval', '10'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told: string[] = [];
    child.stderr.on('data', (text: Buffer) => {
      if (told.push(String(text)) === 1) set('8');
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === 1) child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.match(told.join(''), /^\d+ registers of configuration space are watched$/m);
    assert.match(lines.join('\n'), /^ +\d+\.\d{3} {2}header\.cache_line {2}0x08 {2}0 bytes -> 32 bytes$/);
    set('0');
  });

  test('ends at its time, and by a signal', async () => {
    const late = openslot('watch', '01:00.0', 'status', '--until', 'status.computing=1', '--timeout', '0.1');
    assert.equal(late.status, 1);
    assert.match(late.stderr, /WATCH_TIMEOUT: status\.computing=1 did not come within 0\.1 s/);
    const alone = openslot('watch', '01:00.0', 'status', '--timeout', '0.1');
    assert.equal(alone.status, 0, 'nothing was waited for');
    assert.match(alone.stdout, /edu\.status/);
    const child = spawn(process.execPath, [MAIN, 'watch', '01:00.0', 'status'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      assert.match(line, /edu\.status/);
      child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 0);
    assert.equal(openslot('watch', '01:00.0', 'status', '--interval', '1').status, 2);
  });
});

describe('repl', () => {
  test('drives a function line by line', () => {
    const lines = [
      'fn.busMaster = true',
      'regs.factorial.value = 5',
      'regs.factorial.value',
      'fn.bar0.read32(0)',
      'regs.status',
      'regs.interrupt_raise',
      'regs.identification.major = 3',
      'regs.contrl',
      'regs.status.computng = 1',
      'regs.liveness = 1',
      'fn.interrupts',
    ];
    const { status, stdout, stderr } = openslotWith(`${lines.join('\n')}\n`, 'repl', '01:00.0');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^120 {2}0x78$/m);
    assert.match(stdout, /^16777453 {2}0x10000ed$/m);
    assert.match(stdout, /^edu\.status {2}at 0x20, 4 bytes {2}0x000000/m);
    assert.match(stdout, /\+-- 0 {6}computing/);
    assert.match(stdout, /^edu\.interrupt_raise {2}at 0x60, 4 bytes, write-only$/m);
    assert.match(stdout, /REGISTER_READ_ONLY: edu\.identification\.major/);
    assert.match(stdout, /REGISTER_UNKNOWN.*"contrl"/);
    assert.match(stdout, /REGISTER_UNKNOWN.*"computng"[\s\S]*did you mean computing/);
    assert.match(stdout, /REGISTER_VALUE: liveness: [\s\S]*regs\.liveness\.value = /);
    assert.match(stdout, /INTERRUPTS_ABSENT/);
    assert.match(printed('get', '01:00.0', 'config:0x04/2'), /0x0003/, 'bus mastering went off at the end');
  });

  test('on a terminal, Ctrl-C leaves what is awaited and a loop, and gives the prompt back', async () => {
    await using terminal = new Terminal(`'${process.execPath}' '${MAIN}' repl 01:00.0`, {
      ...env,
      HOME: runtime,
    });
    await terminal.shows(PROMPT);
    // Words of their own tell that they run; for the first not before the terminal is raw again.
    const begun = "process.stdout.write('be' + 'gun')";
    for (const endless of [
      `setImmediate(() => ${begun}); await new Promise(() => {})`,
      `${begun}; while (true);`,
    ]) {
      terminal.types(`${endless}\r`);
      await terminal.shows(/begun/);
      terminal.types('\x03');
      await terminal.shows(/interrupted[\s\S]*01:00\.0> /);
    }
    terminal.types('fn.busMaster = true\r');
    await terminal.shows(/true[\s\S]*true[\s\S]*01:00\.0> /);
    terminal.types('\x04');
    assert.equal(await terminal.ended(), 0);
    assert.match(printed('get', '01:00.0', 'config:0x04/2'), /0x0003/);
  });

  test('on a terminal, Ctrl-C in the middle of output leaves nothing of it stuck', async () => {
    await using terminal = new Terminal(`'${process.execPath}' '${MAIN}' repl 01:00.0`, {
      ...env,
      HOME: runtime,
    });
    await terminal.shows(PROMPT);
    // Nearly every moment of these is one within a write.
    for (const write of ["process.stdout.write('xyz')", "process.stderr.write('xyz')", "console.log('xyz')"])
      for (let round = 0; round < 5; round++) {
        terminal.types(`while (true) ${write}\r`);
        await terminal.shows(/xyz\s*xyz/);
        terminal.types('\x03');
        await terminal.shows(/interrupted[\s\S]*01:00\.0> /);
      }
    terminal.types("console.log('still ' + 'heard')\r");
    // Not before the prompt: while a line runs the terminal takes Ctrl-D for itself.
    await terminal.shows(/still heard[\s\S]*01:00\.0> /);
    terminal.types('\x04');
    assert.equal(await terminal.ended(), 0);
  });

  test('lets go of its function when it is killed', async () => {
    const child = spawn(process.execPath, [MAIN, 'repl', '01:00.0'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.write('fn.busMaster = true\nfn.config.read(4, 2)\n');
    for await (const line of createInterface({ input: child.stdout }))
      if (line === '7') child.kill('SIGTERM');
    assert.equal(child.signalCode ?? (await once(child, 'exit'))[1], 'SIGTERM');
    assert.match(printed('get', '01:00.0', 'config:0x04/2'), /0x0003/);
  });
});
