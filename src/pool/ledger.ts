/** The ledger of one taker: what was granted with a function, each entry with its undo. */

export interface LedgerEntry {
  /** In a person's words: `pirq 55 for msi`. */
  readonly what: string;
  undo(): void | Promise<void>;
}

/** Undone in reverse order, each entry once, and a failing one never keeps the others from being undone. */
export class Ledger {
  #entries: LedgerEntry[] = [];

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  add(entry: LedgerEntry): void {
    this.#entries.push(entry);
  }

  /** Undoes everything that is left. @returns what could not be undone, with the error. */
  async settle(): Promise<readonly { readonly what: string; readonly error: unknown }[]> {
    const failed: { what: string; error: unknown }[] = [];
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        failed.push({ what: entry.what, error });
      }
    }
    return failed;
  }
}
