/** Where the records of guests are kept: in files of the runtime directory, or in memory. */
import { closeSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, makeFolder, readRegularFile } from '../durable/index.js';
import type { DomainId } from '../xen/domain.js';
import { GuestRecordUnreadableError } from './errors.js';
import { GuestRecord, type GuestRecords, type RecordText } from './guest-record.js';

/**
 * One file a guest, `<prefix>.guest-<domid>`. They belong below /run: guests end with the host's boot, and so must
 * their records. Nothing is flushed to a disk: what a call of write(2) took, the kernel keeps though the process is
 * killed, and that is what these records are for.
 */
export class FileGuestRecords implements GuestRecords {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  former(): readonly GuestRecord[] {
    const start = `${basename(this.#prefix)}.guest-`;
    return namesIn(dirname(this.#prefix))
      .filter((file) => file.startsWith(start) && /^\d+$/.test(file.slice(start.length)))
      .map((file) => {
        const path = join(dirname(this.#prefix), file);
        const record = GuestRecord.parse(contentOf(path), path, new TextFile(path));
        if (file === `${start}${record.guest}`) return record;
        throw new GuestRecordUnreadableError(path, `line 1: it is the record of guest ${record.guest}`);
      });
  }

  create(guest: DomainId): GuestRecord {
    return new GuestRecord(guest, new TextFile(`${this.#prefix}.guest-${guest}`));
  }
}

class TextFile implements RecordText {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  append(line: string): void {
    this.#fd ??= openSync(this.#path, 'a', 0o600);
    writeWhole(this.#fd, line);
  }

  replace(text: string): void {
    makeFolder(dirname(this.#path), 0o700);
    const next = `${this.#path}.next`;
    rmSync(next, { force: true });
    // Made anew, never followed: nobody else's file is written through a link.
    const fd = openSync(next, 'wx', 0o600);
    try {
      writeWhole(fd, text);
      renameSync(next, this.#path);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
    this.close();
    this.#fd = fd;
  }

  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    const why = errnoOf(cause);
    if (why === 'ENOENT') return [];
    throw new GuestRecordUnreadableError(directory, why, { cause });
  }
}

function contentOf(path: string): string {
  try {
    return readRegularFile(path, 'utf8');
  } catch (cause) {
    throw new GuestRecordUnreadableError(path, errnoOf(cause), { cause });
  }
}

/** For machines whose guests end with the process; whoever keeps it can start a back end over it again. */
export class MemoryGuestRecords implements GuestRecords {
  readonly #texts = new Map<DomainId, string>();

  /** Guests that have a record. */
  get guests(): readonly DomainId[] {
    return [...this.#texts.keys()];
  }

  former(): readonly GuestRecord[] {
    return [...this.#texts].map(([guest, content]) =>
      GuestRecord.parse(content, `record of guest ${guest}`, this.#text(guest)),
    );
  }

  create(guest: DomainId): GuestRecord {
    return new GuestRecord(guest, this.#text(guest));
  }

  #text(guest: DomainId): RecordText {
    return {
      append: (line) => {
        this.#texts.set(guest, `${this.#texts.get(guest) ?? ''}${line}`);
      },
      replace: (text) => {
        this.#texts.set(guest, text);
      },
      remove: () => {
        this.#texts.delete(guest);
      },
      close: () => undefined,
    };
  }
}
