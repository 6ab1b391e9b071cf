/** What was changed on the host by each claim, kept until it is changed back. */
import { dirname } from 'node:path';
import { z } from 'zod';
import { errnoOf, makeFolder, parseChecked, readRegularFile, replaceFile } from '../durable/index.js';
import { OpenslotError, type PciAddress } from '../pci/index.js';
import { CLAIM, type ClaimRecord } from './claim-record.js';

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

const CLAIMS = z.array(CLAIM);

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
    try {
      return parseChecked(CLAIMS, readRegularFile(this.#path, 'utf8'));
    } catch (cause) {
      const why = errnoOf(cause);
      if (why === 'ENOENT') return [];
      throw new JournalUnreadableError(this.#path, why, { cause });
    }
  }

  put(record: ClaimRecord): void {
    this.#write([...this.records().filter((other) => !other.address.equals(record.address)), record]);
  }

  remove(address: PciAddress): void {
    this.#write(this.records().filter((record) => !record.address.equals(address)));
  }

  #write(records: readonly ClaimRecord[]): void {
    makeFolder(dirname(this.#path), 0o700);
    replaceFile(this.#path, `${JSON.stringify(records, undefined, 2)}\n`);
  }
}
