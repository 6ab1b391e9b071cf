/** A host of an NVMe controller for tests: raw commands in, raw completions out, over whatever reaches the device. */

/** Registers of BAR 0, and memory that the device reaches at the same addresses. */
export interface NvmeSide {
  read32(offset: number): Promise<number>;
  write32(offset: number, value: number): Promise<void>;
  readMemory(address: number, bytes: number): Promise<Uint8Array>;
  writeMemory(address: number, bytes: Uint8Array): Promise<void>;
  /** Lets the device go on for a moment. */
  pause(): Promise<void>;
}

export interface CommandFields {
  readonly opcode: number;
  /** Bits 8 to 15 of the first dword: fused, PRP or SGL. */
  readonly flags?: number;
  readonly namespace?: number;
  readonly prp1?: number | bigint;
  readonly prp2?: number | bigint;
  readonly dword10?: number;
  readonly dword11?: number;
  readonly dword12?: number;
  readonly dword13?: number;
}

export interface Completion {
  readonly result: number;
  readonly head: number;
  readonly queue: number;
  readonly id: number;
  /** 15 bits: code, type, more, do not retry. */
  readonly status: number;
}

const CC = 0x14;
const CSTS = 0x1c;
const AQA = 0x24;
/** Enabled, I/O queue entries of 64 and 16 bytes. */
export const CC_ENABLED = 0x0046_0001;

/** Where the queues of this host stand; from {@link FREE} on, memory is the tests'. */
const QUEUES = 0x10_0000;
const QUEUE_BYTES = 0x8000;
export const FREE = 0x18_0000;

export function submissionBase(id: number): number {
  return QUEUES + id * QUEUE_BYTES;
}

export function completionBase(id: number): number {
  return QUEUES + id * QUEUE_BYTES + 0x4000;
}

export function encodeCommand(id: number, fields: CommandFields): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (fields.opcode | ((fields.flags ?? 0) << 8) | (id << 16)) >>> 0, true);
  view.setUint32(4, fields.namespace ?? 0, true);
  view.setBigUint64(24, BigInt(fields.prp1 ?? 0), true);
  view.setBigUint64(32, BigInt(fields.prp2 ?? 0), true);
  [fields.dword10, fields.dword11, fields.dword12, fields.dword13].forEach((dword, index) => {
    view.setUint32(40 + index * 4, dword ?? 0, true);
  });
  return bytes;
}

interface Ring {
  readonly submissionEntries: number;
  readonly completionEntries: number;
  tail: number;
  head: number;
  phase: 0 | 1;
}

export class NvmeHost {
  readonly #side: NvmeSide;
  readonly #rings = new Map<number, Ring>();
  #nextId = 1;

  constructor(side: NvmeSide) {
    this.#side = side;
  }

  /** Writes the admin queues' registers, enables the controller and waits until it is ready. */
  async start(entries = 16, configuration = CC_ENABLED): Promise<void> {
    this.#rings.clear();
    await this.#side.write32(CC, 0);
    for (let tries = 0; ((await this.#side.read32(CSTS)) & 1) === 1; tries++) await this.#wait(tries);
    await this.#side.write32(AQA, ((entries - 1) << 16) | (entries - 1));
    for (const [offset, base] of [
      [0x28, submissionBase(0)],
      [0x30, completionBase(0)],
    ] as const) {
      await this.#side.write32(offset, base);
      await this.#side.write32(offset + 4, 0);
    }
    await this.expectQueue(0, entries, entries);
    await this.#side.write32(CC, configuration);
    for (let tries = 0; ((await this.#side.read32(CSTS)) & 3) === 0; tries++) await this.#wait(tries);
  }

  /** Begins a ring whose queues are (or will be) created at the places of this host. */
  async expectQueue(id: number, submissionEntries: number, completionEntries: number): Promise<void> {
    this.#rings.set(id, { submissionEntries, completionEntries, tail: 0, head: 0, phase: 1 });
    await this.#side.writeMemory(completionBase(id), new Uint8Array(completionEntries * 16));
  }

  /** Creates an I/O queue pair with the commands for it. @returns both statuses. */
  async createPair(id: number, entries: number, vector = id): Promise<readonly number[]> {
    await this.expectQueue(id, entries, entries);
    const dword10 = ((entries - 1) << 16) | id;
    const completion = await this.command({
      opcode: 0x05,
      prp1: completionBase(id),
      dword10,
      dword11: (vector << 16) | 3,
    });
    const submission = await this.command({
      opcode: 0x01,
      prp1: submissionBase(id),
      dword10,
      dword11: (id << 16) | 1,
    });
    return [completion.status, submission.status];
  }

  /** Puts a command into the ring without telling the device. @returns its id. */
  async put(fields: CommandFields, queue = 0): Promise<number> {
    const ring = this.#ring(queue);
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0x7fff) + 1;
    await this.#side.writeMemory(submissionBase(queue) + ring.tail * 64, encodeCommand(id, fields));
    ring.tail = (ring.tail + 1) % ring.submissionEntries;
    return id;
  }

  async ring(queue = 0): Promise<void> {
    await this.#side.write32(0x1000 + queue * 8, this.#ring(queue).tail);
  }

  /** The next completion, if there is one; its room is given back unless told otherwise. */
  async poll(queue = 0, giveBack = true): Promise<Completion | undefined> {
    const ring = this.#ring(queue);
    const bytes = await this.#side.readMemory(completionBase(queue) + ring.head * 16, 16);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    const last = view.getUint16(14, true);
    if ((last & 1) !== ring.phase) return undefined;
    ring.head = (ring.head + 1) % ring.completionEntries;
    if (ring.head === 0) ring.phase = ring.phase === 1 ? 0 : 1;
    if (giveBack) await this.giveBack(queue);
    return {
      result: view.getUint32(0, true),
      head: view.getUint16(8, true),
      queue: view.getUint16(10, true),
      id: view.getUint16(12, true),
      status: last >>> 1,
    };
  }

  async giveBack(queue = 0): Promise<void> {
    await this.#side.write32(0x1004 + queue * 8, this.#ring(queue).head);
  }

  async command(fields: CommandFields, queue = 0): Promise<Completion> {
    const id = await this.put(fields, queue);
    await this.ring(queue);
    for (let tries = 0; ; tries++) {
      const completion = await this.poll(queue);
      if (completion?.id === id) return completion;
      if (completion !== undefined) throw new Error(`completion of ${completion.id} while ${id} was awaited`);
      await this.#wait(tries);
    }
  }

  async #wait(tries: number): Promise<void> {
    if (tries > 2_000) throw new Error('the controller does not answer');
    await this.#side.pause();
  }

  #ring(queue: number): Ring {
    const ring = this.#rings.get(queue);
    if (ring === undefined) throw new Error(`this host has no queue ${queue}`);
    return ring;
  }
}
