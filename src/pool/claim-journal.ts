/** What was changed on the host by each claim, kept until it is changed back. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseSavedState, type SavedState } from '../function/index.js';
import { notations, OpenslotError, type PciAddress } from '../pci/index.js';

/** Who has a claimed function, and what it is restored to when it comes back. */
export interface TakenRecord {
  readonly taker: string;
  readonly saved: SavedState;
}

/** One claim: who drove the function before, and who holds it for the pool. */
export interface ClaimRecord {
  readonly address: PciAddress;
  /** Driver before the claim, undefined when there was none. */
  readonly formerDriver: string | undefined;
  /** `driver_override` before the claim. */
  readonly formerOverride: string | undefined;
  /** Driver that holds it now, undefined when it is held by having none. */
  readonly holder: string | undefined;
  /** Why it is kept from everybody, where it came back broken. */
  readonly quarantined?: string;
  /** Kept while somebody has it: a taker outlives the process that gave it to him. */
  readonly taken?: TakenRecord;
}

export interface ClaimJournal {
  records(): readonly ClaimRecord[];
  /** Durable when it returns: written before the host is changed. */
  put(record: ClaimRecord): void;
  remove(address: PciAddress): void;
}

/** For machines that forget with the process. */
export class MemoryJournal implements ClaimJournal {
  readonly #records = new Map<number, ClaimRecord>();

  records(): readonly ClaimRecord[] {
    return [...this.#records.values()];
  }

  put(record: ClaimRecord): void {
    this.#records.set(record.address.sbdf, record);
  }

  remove(address: PciAddress): void {
    this.#records.delete(address.sbdf);
  }
}

/** The journal's file does not hold what this program writes. */
export class JournalUnreadableError extends OpenslotError {
  readonly code = 'JOURNAL_UNREADABLE';
  constructor(path: string, why: string, options?: ErrorOptions) {
    super(
      `the record of claimed functions cannot be read: ${path}: ${why}`,
      { path, why },
      `look at ${path}; moving it away forgets which drivers the claimed functions had`,
      options,
    );
  }
}

/**
 * A JSON file, replaced as a whole so that it is never half written. It belongs below /run: driver bindings end with
 * the host's boot, and so must their record.
 */
export class FileJournal implements ClaimJournal {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  records(): readonly ClaimRecord[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new JournalUnreadableError(this.#path, (cause as NodeJS.ErrnoException).code ?? 'unknown', {
        cause,
      });
    }
    try {
      return (JSON.parse(text) as unknown[]).map((entry) => this.#record(entry));
    } catch (cause) {
      if (cause instanceof JournalUnreadableError) throw cause;
      throw new JournalUnreadableError(this.#path, 'it is not the list that openslot writes', { cause });
    }
  }

  put(record: ClaimRecord): void {
    this.#write([...this.records().filter((other) => !other.address.equals(record.address)), record]);
  }

  remove(address: PciAddress): void {
    this.#write(this.records().filter((record) => !record.address.equals(address)));
  }

  #record(entry: unknown): ClaimRecord {
    if (typeof entry !== 'object' || entry === null)
      throw new JournalUnreadableError(this.#path, 'an entry is no object');
    const { address, formerDriver, formerOverride, holder, quarantined, taken } = entry as Record<
      string,
      unknown
    >;
    const optional = (value: unknown) => (typeof value === 'string' ? value : undefined);
    if (typeof address !== 'string') throw new JournalUnreadableError(this.#path, 'an entry has no address');
    return {
      address: notations.hex.parse(address),
      formerDriver: optional(formerDriver),
      formerOverride: optional(formerOverride),
      holder: optional(holder),
      ...(typeof quarantined === 'string' ? { quarantined } : {}),
      ...(taken === undefined ? {} : { taken: this.#taken(taken) }),
    };
  }

  /** Never passed over: a function whose taker is forgotten would be given to a second one. */
  #taken(entry: unknown): TakenRecord {
    const { taker, saved } = (entry ?? {}) as Record<string, unknown>;
    const state = parseSavedState(saved);
    if (typeof taker !== 'string' || state === undefined)
      throw new JournalUnreadableError(this.#path, 'an entry does not say who has the function');
    return { taker, saved: state };
  }

  #write(records: readonly ClaimRecord[]): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const next = `${this.#path}.next`;
    rmSync(next, { force: true });
    // Made anew, never followed: nobody else's file is written through a link.
    writeFileSync(next, `${JSON.stringify(records, undefined, 2)}\n`, {
      mode: 0o600,
      flush: true,
      flag: 'wx',
    });
    renameSync(next, this.#path);
  }
}
