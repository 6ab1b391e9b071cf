/** What must outlive the process that serves a guest and stands nowhere else: one record for each guest. */
import type { ImageState } from '../function/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import type { Pirq } from '../xen/platform.js';
import { GuestRecordUnreadableError } from './errors.js';
import type { FunctionPolicy } from './policy.js';
import { TOPOLOGY_NAMES, type TopologyName } from './topology.js';

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
    const lines = content.split('\n').slice(0, -1);
    try {
      const [head, ...changes] = lines.map((line) => JSON.parse(line) as Line);
      if (head === undefined || !('guest' in head) || typeof head.uuid !== 'string')
        throw new TypeError('it does not say whose it is');
      if (!TOPOLOGY_NAMES.includes(head.topology))
        throw new TypeError('it does not say how the guest sees its functions');
      const record = new GuestRecord(head.guest, text);
      record.identify(head.uuid, head.topology);
      for (const change of changes) record.#apply(change);
      return record;
    } catch (cause) {
      throw new GuestRecordUnreadableError(name, cause);
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
    this.#change({ export: plain(record) });
  }

  /** The function is back in the pool. */
  drop(address: PciAddress): void {
    if (this.#exports.has(address.sbdf)) this.#change({ returned: String(address) });
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
    const lines: Line[] = [
      { guest: this.guest, uuid: this.#uuid, topology: this.#topology ?? 'vpci' },
      { connected: this.#connected },
      ...this.exports.map((record) => ({ export: plain(record) })),
    ];
    return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  }

  #apply(line: Line): void {
    if ('connected' in line) this.#connected = line.connected;
    else if ('returned' in line) this.#exports.delete(notations.hex.parse(line.returned).sbdf);
    else if ('export' in line) {
      const record = exportOf(line.export);
      this.#exports.set(record.address.sbdf, record);
    }
  }
}

type Plain = Omit<ExportRecord, 'address' | 'virtual'> & {
  readonly address: string;
  readonly virtual: string;
};

type Line =
  | { readonly guest: DomainId; readonly uuid: string; readonly topology: TopologyName }
  | { readonly connected: boolean }
  | { readonly export: Plain }
  | { readonly returned: string };

function plain(record: ExportRecord): Plain {
  return { ...record, address: String(record.address), virtual: String(record.virtual) };
}

const MODES: ReadonlySet<string> = new Set(['off', 'msi', 'msix']);
const STEPS: ReadonlySet<string> = new Set(['settled', 'changing', 'unanswered']);
const STAGES: ReadonlySet<string> = new Set(['preparing', 'given', 'leaving']);
const TABLES: ReadonlySet<string> = new Set(['none', 'unknown', 'ours']);

/** @throws {TypeError | OpenslotError} a member is missing, or not what it must be. */
function exportOf(data: Plain): ExportRecord {
  const { stage, msixTable, decoding, interrupts, registers } = data;
  const { mode, step, pirqs, entries } = interrupts;
  const known = STAGES.has(stage) && TABLES.has(msixTable) && MODES.has(mode) && STEPS.has(step);
  const numbers = [...pirqs, ...entries, ...Object.values(registers)];
  if (!known || typeof decoding !== 'boolean' || !numbers.every((number) => Number.isSafeInteger(number)))
    throw new TypeError('an export is not what this program writes');
  if (data.policy !== undefined && !isPolicy(data.policy))
    throw new TypeError('the policy of an export is not what this program writes');
  return {
    address: notations.hex.parse(data.address),
    virtual: notations.hex.parse(data.virtual),
    stage,
    msixTable,
    decoding,
    interrupts: { mode, step, pirqs, entries },
    registers,
    ...(data.policy === undefined ? {} : { policy: data.policy }),
  };
}

function isPolicy({ source, allowed }: FunctionPolicy): boolean {
  return (
    typeof source === 'string' && Array.isArray(allowed) && allowed.every((name) => typeof name === 'string')
  );
}
