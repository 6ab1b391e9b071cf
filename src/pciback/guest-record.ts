/** What must outlive the process that serves a guest and stands nowhere else: one record for each guest. */
import { parseChecked } from '../durable/index.js';
import type { ImageState } from '../function/index.js';
import { messageOf, type PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import type { Pirq } from '../xen/platform.js';
import { GuestRecordUnreadableError } from './errors.js';
import { HEAD, LINE, type Head, type Line } from './guest-record-lines.js';
import type { FunctionPolicy } from './policy.js';
import type { TopologyName } from './topology.js';

/** Message signalled interrupts of one export. */
export interface InterruptsRecord {
  readonly mode: 'off' | 'msi' | 'msix';
  /** Mapped for the guest, in the order of {@link entries}. */
  readonly pirqs: readonly Pirq[];
  /** Entries of the MSI-X table. */
  readonly entries: readonly number[];
  /**
   * `changing`: being switched on or off; whoever finds it finishes it as off. `unanswered`: on, and the guest may not
   * know the numbers yet.
   */
  readonly step: 'settled' | 'changing' | 'unanswered';
}

export const INTERRUPTS_OFF: InterruptsRecord = { mode: 'off', pirqs: [], entries: [], step: 'settled' };

/** One function in the guest's hands. */
export interface ExportRecord {
  readonly address: PciAddress;
  /** Where the guest sees it. */
  readonly virtual: PciAddress;
  /** `preparing`: the guest has not been told of it. `leaving`: it is on its way back to the pool. */
  readonly stage: 'preparing' | 'given' | 'leaving';
  /** Who protected its MSI-X table; `unknown` while it is being asked. */
  readonly msixTable: 'none' | 'unknown' | 'ours';
  /** Decoding was switched on for the guest, or is about to be. */
  readonly decoding: boolean;
  readonly interrupts: InterruptsRecord;
  /** What it is held to; absent for the default. */
  readonly policy?: FunctionPolicy;
  /** What the guest's configuration space remembers: sizing of address registers, Command as the guest wrote it. */
  readonly registers: ImageState;
}

/** Text that is appended to, or replaced as a whole; either is done when the call returns, or not at all. */
export interface RecordText {
  append(line: string): void;
  replace(text: string): void;
  remove(): void;
  /** Lets go of what it holds open; the text stays. */
  close(): void;
}

/** The records of one owner: of guests that it serves, and of those that a former process served. */
export interface GuestRecords {
  /** @throws {GuestRecordUnreadableError} */
  former(): readonly GuestRecord[];
  /** A new and empty one; nothing is written yet. */
  create(guest: DomainId): GuestRecord;
}

/** A long life of a guest is a long text: beyond this it is written anew. */
const LONGEST = 64 * 1024;

/**
 * A list of lines, each of which replaces what an earlier one said of the same thing. Every change is one line, written
 * before what it tells of can be seen by the guest. A last line that was cut off, because the process died while it
 * wrote it, was never said.
 */
export class GuestRecord {
  readonly guest: DomainId;
  readonly #text: RecordText;
  readonly #exports = new Map<number, ExportRecord>();
  #uuid = '';
  #topology: TopologyName | undefined;
  #connected = false;
  /** Characters in the text; undefined before this process has written it. */
  #length: number | undefined;

  constructor(guest: DomainId, text: RecordText) {
    this.guest = guest;
    this.#text = text;
  }

  /** @throws {GuestRecordUnreadableError} it is not what {@link GuestRecord} writes. */
  static parse(content: string, name: string, text: RecordText): GuestRecord {
    let line = 1;
    try {
      const [first = '', ...changes] = content.split('\n').slice(0, -1);
      const { guest, uuid, topology } = parseChecked(HEAD, first);
      const record = new GuestRecord(guest, text);
      record.identify(uuid, topology);
      for (const change of changes) {
        line++;
        record.#apply(parseChecked(LINE, change));
      }
      return record;
    } catch (cause) {
      throw new GuestRecordUnreadableError(name, `line ${line}: ${messageOf(cause)}`, { cause });
    }
  }

  /** Tells the guest from a later one with the same id; empty where the tool stack gives none. */
  get uuid(): string {
    return this.#uuid;
  }

  /** Where the guest sees its functions; undefined before it is identified. */
  get topology(): TopologyName | undefined {
    return this.#topology;
  }

  /** Says whose it is, before anything else is said. */
  identify(uuid: string, topology: TopologyName): void {
    this.#uuid = uuid;
    this.#topology = topology;
  }

  /** Both ends agreed on a page and an event channel. */
  get connected(): boolean {
    return this.#connected;
  }

  get exports(): readonly ExportRecord[] {
    return [...this.#exports.values()];
  }

  setConnected(connected: boolean): void {
    if (connected !== this.#connected) this.#change({ connected });
  }

  put(record: ExportRecord): void {
    this.#change({ export: record });
  }

  /** The function is back in the pool. */
  drop(address: PciAddress): void {
    if (this.#exports.has(address.sbdf)) this.#change({ returned: address });
  }

  /** Nothing of the guest is ours any more. */
  remove(): void {
    this.#exports.clear();
    this.#connected = false;
    this.#length = undefined;
    this.#text.remove();
  }

  close(): void {
    this.#text.close();
  }

  #change(line: Line): void {
    this.#apply(line);
    const said = `${JSON.stringify(line)}\n`;
    if (this.#length === undefined || this.#length > LONGEST) {
      const whole = this.#whole();
      this.#text.replace(whole);
      this.#length = whole.length;
    } else {
      this.#text.append(said);
      this.#length += said.length;
    }
  }

  #whole(): string {
    const lines: readonly (Head | Line)[] = [
      { guest: this.guest, uuid: this.#uuid, topology: this.#topology ?? 'vpci' },
      { connected: this.#connected },
      ...this.exports.map((record) => ({ export: record })),
    ];
    return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  }

  #apply({ connected, export: exported, returned }: Line): void {
    if (connected !== undefined) this.#connected = connected;
    if (exported !== undefined) this.#exports.set(exported.address.sbdf, exported);
    if (returned !== undefined) this.#exports.delete(returned.sbdf);
  }
}
