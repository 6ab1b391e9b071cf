/** QEMU's device models on their PCI bus, driven over its qtest protocol: the peer that ours are compared with. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../../../lab/cache.js';
import { LabRoot } from '../../../lab/root.js';

type Width = 1 | 2 | 4 | 8;

const SUFFIX = { 1: 'b', 2: 'w', 4: 'l', 8: 'q' } as const;
const PROGRAM = 'qemu-system-x86_64';
/** Loaded machines get all the time they need. */
const START_MILLISECONDS = 60_000;

export interface Qemu {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** `7.2.22`, for the names of tests: what is compared is this one's behaviour. */
  readonly version: string;
}

/** How QEMU is run here: the installed one, or that of a lab that was prepared before; undefined without either. */
export function findQemu(): Qemu | undefined {
  const installed = asked([PROGRAM], process.env);
  if (installed !== undefined) return installed;
  const root = new LabRoot(join(cacheFolder(), 'root'));
  const program = `usr/bin/${PROGRAM}`;
  if (!existsSync(root.path(program))) return undefined;
  return asked(root.command(program), { ...process.env, ...root.qemuEnvironment });
}

function asked(command: readonly string[], env: NodeJS.ProcessEnv): Qemu | undefined {
  const [program = PROGRAM, ...before] = command;
  const { status, stdout } = spawnSync(program, [...before, '--version'], { env, encoding: 'utf8' });
  if (status !== 0) return undefined;
  return { command, env, version: /version (\S+)/.exec(stdout)?.[1] ?? 'of an unknown version' };
}

export class QemuMachine {
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  readonly #folder: string;
  #text = '';
  readonly #waiting: ((line: string) => void)[] = [];

  private constructor(child: ChildProcess, socket: Socket, folder: string) {
    this.#process = child;
    this.#socket = socket;
    this.#folder = folder;
    // A test that ends in an error of its own must not leave it behind.
    process.once('exit', this.#end);
    socket.on('data', (data: Buffer) => {
      this.#text += data.toString('latin1');
      const lines = this.#text.split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.(line);
    });
    // Whoever still waits learns that nothing comes any more.
    socket.on('close', () => {
      for (const answer of this.#waiting.splice(0)) answer('FAIL QEMU has ended');
    });
    socket.on('error', () => socket.destroy());
  }

  /** A q35 machine whose processor rests, with what the options add (`-device`, `edu,addr=04.0`). Time is the wall's. */
  static async start(qemu: Qemu, added: readonly string[]): Promise<QemuMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'openslot-qemu-'));
    const firmware = Buffer.alloc(0x1_0000, 0xf4);
    // At the reset vector: disable interrupts, halt, and halt again.
    firmware.set([0xfa, 0xf4, 0xeb, 0xfd], 0xfff0);
    writeFileSync(join(folder, 'firmware'), firmware);
    const path = join(folder, 'qtest');
    const [program = PROGRAM, ...before] = qemu.command;
    const options = [
      ...['-machine', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults', '-display', 'none', '-no-shutdown'],
      ...[
        '-bios',
        join(folder, 'firmware'),
        '-qtest-log',
        '/dev/null',
        '-qtest',
        `unix:${path},server=on,wait=off`,
      ],
      ...added,
    ];
    const child = spawn(program, [...before, ...options], {
      env: qemu.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => {
      complaint += data.toString();
    });
    child.on('error', (error) => {
      complaint += error.message;
    });
    try {
      return new QemuMachine(child, await open(path, child), folder);
    } catch (cause) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`QEMU does not start: ${complaint}`, { cause });
    }
  }

  async read(address: number, width: Width): Promise<bigint> {
    return BigInt(await this.#ask(`read${SUFFIX[width]} ${hex(address)}`));
  }

  async write(address: number, width: Width, value: number | bigint): Promise<void> {
    await this.#ask(`write${SUFFIX[width]} ${hex(address)} ${hex(value)}`);
  }

  async readMemory(address: number, bytes: number): Promise<Uint8Array> {
    const text = await this.#ask(`read ${hex(address)} ${bytes}`);
    return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
  }

  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    await this.#ask(`write ${hex(address)} ${bytes.length} 0x${Buffer.from(bytes).toString('hex')}`);
  }

  /** Bus 0, by the two ports of PCI Local Bus 3.0, 3.2.2.3.2. */
  async readConfig(devfn: number, offset: number, width: 1 | 2 | 4): Promise<number> {
    await this.#select(devfn, offset);
    return Number(await this.#ask(`in${SUFFIX[width]} ${hex(0xcfc + (offset & 3))}`));
  }

  async writeConfig(devfn: number, offset: number, width: 1 | 2 | 4, value: number): Promise<void> {
    await this.#select(devfn, offset);
    await this.#ask(`out${SUFFIX[width]} ${hex(0xcfc + (offset & 3))} ${hex(value)}`);
  }

  stop(): void {
    this.#socket.destroy();
    process.removeListener('exit', this.#end);
    this.#end();
  }

  readonly #end = () => {
    this.#process.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #select(devfn: number, offset: number): Promise<void> {
    await this.#ask(`outl 0xcf8 ${hex(0x8000_0000 + devfn * 0x100 + (offset & 0xfc))}`);
  }

  /** @returns what follows OK. */
  async #ask(command: string): Promise<string> {
    const line = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`${command}\n`);
    });
    if (!line.startsWith('OK')) throw new Error(`QEMU answers ${command} with ${line}`);
    return line.slice(3);
  }
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

async function open(path: string, child: ChildProcess): Promise<Socket> {
  for (let waited = 0; waited < START_MILLISECONDS && child.exitCode === null; waited += 20) {
    const socket = await new Promise<Socket | undefined>((resolve) => {
      const attempt = connect(path, () => {
        attempt.removeAllListeners('error');
        resolve(attempt);
      });
      attempt.once('error', () => {
        resolve(undefined);
      });
    });
    if (socket !== undefined) return socket;
    await sleep(20);
  }
  throw new Error(
    child.exitCode === null ? 'its socket is not there' : `it has ended with ${child.exitCode}`,
  );
}
