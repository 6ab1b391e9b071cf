/** A virtual machine of QEMU whose processor rests: its monitor for us, and its bus by qtest, so that a test is the guest. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../until.js';

/** In a machine that is emulated itself, on a busy host. */
const START_MS = 120_000;

const FIRMWARE_BYTES = 0x1_0000;
const RESET_VECTOR = 0xfff0;
const HALT = 0xf4;

/** PCI's configuration mechanism, by ports (PCI 3.0, 3.2.2.3.2). */
const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;

const CAPABILITIES = 0x34;
const PCIE_CAPABILITY = 0x10;
/** Of the PCI Express capability. */
const SLOT_CONTROL = 0x18;
/** Power controller: off; power indicator: off. What a guest writes when it has let go. */
const SLOT_OFF = 0x0700;
/** Bit 0 of Slot Status, which is the upper half of the same 32 bits. */
const BUTTON_PRESSED = 1 << 16;

export interface RestingMachineOptions {
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  /** Ports for hot-plug: `port1` is device 1 of the root bus, and so on. */
  readonly ports: number;
  readonly arguments?: readonly string[];
  /** Runs QEMU as somebody else. */
  readonly uid?: number;
}

export class RestingMachine implements AsyncDisposable {
  /** Path of the socket of its monitor. */
  readonly monitor: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';
  #qtest: Socket | undefined;
  #lines: AsyncIterator<string> | undefined;

  static async start(options: RestingMachineOptions): Promise<RestingMachine> {
    const machine = new RestingMachine(options);
    const latest = performance.now() + START_MS;
    while (!existsSync(machine.monitor) || !existsSync(machine.#bus)) {
      assert.ok(
        performance.now() < latest && machine.#child.exitCode === null,
        `QEMU makes no sockets: ${machine.#said}`,
      );
      await sleep(20);
    }
    const qtest = createConnection(machine.#bus);
    await new Promise((resolve, reject) => qtest.once('connect', resolve).once('error', reject));
    machine.#qtest = qtest;
    machine.#lines = createInterface({ input: qtest })[Symbol.asyncIterator]();
    return machine;
  }

  private constructor({ command, environment, ports, arguments: more = [], uid }: RestingMachineOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'resting-'));
    if (uid !== undefined) chownSync(this.#folder, uid, uid);
    this.monitor = join(this.#folder, 'monitor');
    const firmware = new Uint8Array(FIRMWARE_BYTES).fill(HALT);
    // Interrupts off, halt, and back to the halt.
    firmware.set([0xfa, HALT, 0xeb, 0xfd], RESET_VECTOR);
    const [program, ...before] = command;
    const firmwareFile = join(this.#folder, 'firmware');
    writeFileSync(firmwareFile, firmware);
    this.#child = spawn(
      program,
      [
        ...before,
        ...['-machine', 'q35', '-accel', 'tcg', '-m', '16', '-bios', firmwareFile],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-shutdown'],
        ...['-qmp', `unix:${this.monitor},server=on,wait=off`],
        ...['-qtest', `unix:${this.#bus},server=on,wait=off`, '-qtest-log', '/dev/null'],
        // The slots' own registers, which a guest of a few lines can serve, and no tables of ACPI.
        ...['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'],
        ...Array.from({ length: ports }, (_, index) => [
          '-device',
          `pcie-root-port,id=port${index + 1},chassis=${index + 1},slot=${index + 1},addr=${index + 1}`,
        ]).flat(),
        ...more,
      ],
      {
        env: environment,
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(uid === undefined ? {} : { uid, gid: uid }),
      },
    );
    this.#child.stderr?.on('data', (text: Buffer) => (this.#said += text.toString()));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** What QEMU has written to its standard error. */
  get said(): string {
    return this.#said;
  }

  get #bus(): string {
    return join(this.#folder, 'bus');
  }

  async readConfig(bus: number, device: number, offset: number): Promise<number> {
    await this.#select(bus, device, offset);
    return this.#ask(`inl ${CONFIG_DATA}`);
  }

  async writeConfig(bus: number, device: number, offset: number, value: number): Promise<void> {
    await this.#select(bus, device, offset);
    await this.#ask(`outl ${CONFIG_DATA} ${value}`);
  }

  /** A 32-bit read of memory as the processor would make it. */
  async read32(address: number): Promise<number> {
    return this.#ask(`readl ${address}`);
  }

  async write32(address: number, value: number): Promise<void> {
    await this.#ask(`writel ${address} ${value}`);
  }

  /** As firmware does it: the bus behind `port1` is 1, and has 16 MiB of memory from 0xe100_0000 on. */
  async numberPort(port: number): Promise<void> {
    await this.writeConfig(0, port, 0x18, (port << 16) | (port << 8));
    const window = 0xe000 + port * 0x100;
    await this.writeConfig(0, port, 0x20, (((window + 0xf0) << 16) | window) >>> 0);
    await this.writeConfig(0, port, 0x04, 0x6);
  }

  /** The guest's driver switches the slot on: from now on it is asked before anything goes. */
  async powerSlot(port: number): Promise<void> {
    await this.#writeSlot(port, 0);
  }

  /** The guest's driver has let go of what is in the slot. */
  async letGo(port: number): Promise<void> {
    await this.#writeSlot(port, SLOT_OFF);
  }

  /** Settles when QEMU has pressed the slot's button, which asks the guest to let go. */
  async asked(port: number): Promise<void> {
    const slot = (await this.#slotRegisters(port)) + SLOT_CONTROL;
    await until(
      async () => ((await this.readConfig(0, port, slot)) & BUTTON_PRESSED) !== 0,
      () => 'nobody asked the guest for anything',
    );
  }

  /** The whole machine, as a power failure ends it. */
  async kill(): Promise<void> {
    this.#qtest?.destroy();
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #writeSlot(port: number, value: number): Promise<void> {
    await this.#select(0, port, (await this.#slotRegisters(port)) + SLOT_CONTROL);
    // 16 bits: status beside it is cleared by ones.
    await this.#ask(`outw ${CONFIG_DATA} ${value}`);
  }

  /** Offset of the port's PCI Express capability. */
  async #slotRegisters(port: number): Promise<number> {
    let at = (await this.readConfig(0, port, CAPABILITIES)) & 0xfc;
    for (let left = 48; left > 0 && at !== 0; left--) {
      const header = await this.readConfig(0, port, at);
      if ((header & 0xff) === PCIE_CAPABILITY) return at;
      at = (header >>> 8) & 0xfc;
    }
    return assert.fail(`device ${port} is no port of PCI Express`);
  }

  async #select(bus: number, device: number, offset: number): Promise<void> {
    await this.#ask(`outl ${CONFIG_ADDRESS} ${(0x8000_0000 | (bus << 16) | (device << 11) | offset) >>> 0}`);
  }

  async #ask(command: string): Promise<number> {
    this.#qtest?.write(`${command}\n`);
    for (;;) {
      const line = await this.#lines?.next();
      if (line === undefined || line.done === true) assert.fail(`QEMU ended at ${command}: ${this.#said}`);
      // Lines of the interrupt controller come when they like.
      if (line.value.startsWith('IRQ')) continue;
      const [, value] = /^OK(?: (\S+))?/.exec(line.value) ?? assert.fail(`${command}: ${line.value}`);
      return value === undefined ? 0 : Number(value);
    }
  }
}
