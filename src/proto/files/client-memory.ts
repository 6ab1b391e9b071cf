/** Memory of a calling process that a device is to reach: a bounce buffer, copied to and fro at each sync. */
import type { DmaBuffer } from '../../function/index.js';
import { ProcessHandle, readProcessMemory, SystemCallError, writeProcessMemory } from '../../os/index.js';
import { SyncOp } from '../abi/busdma-request.js';
import { FileError, type Caller } from './device-file.js';

/**
 * The device reads and writes the bounce buffer; to the program it is as if it were its own memory, as long as it syncs
 * as bus_dma(9) demands. What the device does not write keeps its value: the buffer holds the program's bytes from the
 * beginning.
 */
export class ClientMemory implements Disposable {
  readonly buffer: DmaBuffer;
  readonly address: bigint;
  readonly #process: ProcessHandle;

  private constructor(process: ProcessHandle, address: bigint, buffer: DmaBuffer) {
    this.#process = process;
    this.address = address;
    this.buffer = buffer;
  }

  /**
   * Loads as much memory of the caller as the buffer has; it belongs to the result from the call on, and is disposed of
   * when that is refused. @throws {FileError} EFAULT, EPERM
   */
  static async load(caller: Caller, address: bigint, buffer: DmaBuffer): Promise<ClientMemory> {
    try {
      const memory = new ClientMemory(processOfCaller(caller), address, buffer);
      try {
        await memory.#toDevice();
      } catch (cause) {
        memory.#process[Symbol.dispose]();
        throw cause;
      }
      return memory;
    } catch (cause) {
      buffer[Symbol.dispose]();
      throw cause;
    }
  }

  /**
   * What is over comes before what is next: a sync may end one transfer and begin another.
   * @throws {FileError} EPERM: another process than that which loaded it. EFAULT: the memory is not there any more.
   */
  async sync(op: number, caller: Caller): Promise<void> {
    if (!this.#process.has(caller.pid))
      throw new FileError('EPERM', 'the memory was loaded by another process');
    if ((op & SyncOp.postRead) !== 0) await this.#fromDevice();
    if ((op & (SyncOp.preWrite | SyncOp.preRead)) !== 0) await this.#toDevice();
  }

  async #toDevice(): Promise<void> {
    if (!(await readProcessMemory(this.#process.pid, this.address, this.buffer.bytes))) throw this.#absent();
  }

  async #fromDevice(): Promise<void> {
    if (!(await writeProcessMemory(this.#process.pid, this.address, this.buffer.bytes))) throw this.#absent();
  }

  #absent(): FileError {
    const where = `${this.buffer.bytes.length} bytes at 0x${this.address.toString(16)}`;
    return new FileError('EFAULT', `${where} of process ${this.#process.pid} cannot be copied`);
  }

  [Symbol.dispose](): void {
    this.buffer[Symbol.dispose]();
    this.#process[Symbol.dispose]();
  }
}

/** @throws {FileError} EPERM: it is in no process namespace that the server sees. */
export function processOfCaller({ pid }: Caller): ProcessHandle {
  if (pid === 0) throw new FileError('EPERM', 'the server cannot see the calling process');
  try {
    return new ProcessHandle(pid);
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    throw new FileError('EPERM', cause.message, { cause });
  }
}
