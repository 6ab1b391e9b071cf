/** QEMU's own monitor, as the machine uses it: of a child that ends with us, and may take its time. */
import type { Socket } from 'node:net';
import { MonitorClient, MonitorRefusedError } from '../../qmp/index.js';
import { messageOf } from '../../pci/index.js';
import { QemuCommandError } from './errors.js';

/** Commands of QMP, at {@link QemuMachine.monitor}. */
export class Monitor {
  readonly #client: MonitorClient;
  /** Settles once QEMU has made all its devices and takes commands. */
  readonly ready: Promise<unknown>;

  constructor(stream: Socket) {
    this.#client = new MonitorClient(stream, { name: 'the monitor' });
    this.ready = this.#client.ready;
  }

  /** @throws {QemuCommandError} */
  async execute(command: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    try {
      return await this.#client.execute(command, given);
    } catch (cause) {
      throw new QemuCommandError(
        command,
        cause instanceof MonitorRefusedError ? cause.said : messageOf(cause),
        { cause },
      );
    }
  }

  close(): void {
    this.#client[Symbol.dispose]();
  }
}
