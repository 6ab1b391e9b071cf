/** Operations over the shared page: one at a time, each bounded. */
import type { PciAddress } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import { COMMAND_NAMES, FrontAerPage, FrontPage, OPERATION_ERROR_NAMES } from '../xen/pciif/index.js';
import type {
  EventPort,
  GrantedPage,
  GrantReference,
  GuestPlatform,
  OfferedChannel,
} from '../xen/platform.js';
import { ErrorRequests, type AnswerRequest } from './error-requests.js';
import { BackEndSilentError } from './errors.js';

/** What the back end's error number says, as the end of a text. */
export function describeError(error: number): string {
  const name = OPERATION_ERROR_NAMES[error] ?? 'no error of the protocol; Linux gives errno numbers';
  return `the back end answered ${error} (${name})`;
}

/** Told once when an operation stays unanswered. */
export type SilenceListener = (error: BackEndSilentError) => void;

/** Who hears of what comes from the back end besides answers. */
export interface OperationsListener {
  readonly onSilence: SilenceListener;
  readonly onErrorRequest: AnswerRequest;
}

/**
 * Our end of the page and of the event channel. The answer of the last operation stands in {@link error} and
 * {@link value}, so that an access allocates nothing.
 */
export class Operations implements Disposable {
  /** What the back end is told in XenStore. */
  readonly reference: GrantReference;
  readonly port: EventPort;
  /** Of the last answered operation: 0, or one of OperationError, or whatever a broken back end wrote. */
  error = 0;
  /** Of the last answered operation, 32 bits unsigned. */
  value = 0;
  readonly #granted: GrantedPage;
  readonly #channel: OfferedChannel;
  readonly #page: FrontPage;
  readonly #limit: number;
  readonly #onSilence: SilenceListener;
  readonly #requests: ErrorRequests;
  #silence: BackEndSilentError | undefined;
  #closed = false;

  private constructor(
    granted: GrantedPage,
    channel: OfferedChannel,
    milliseconds: number,
    { onSilence, onErrorRequest }: OperationsListener,
  ) {
    this.#granted = granted;
    this.#channel = channel;
    this.#page = new FrontPage(granted.bytes);
    this.#limit = milliseconds;
    this.#onSilence = onSilence;
    this.#requests = new ErrorRequests(new FrontAerPage(granted.bytes), onErrorRequest, () => {
      channel.notify();
    });
    channel.listen(() => {
      this.#requests.look();
    });
    this.reference = granted.reference;
    this.port = channel.port;
  }

  /** Grants a fresh page and offers a port. @throws {XenCallError} nothing is left behind then. */
  static open(
    platform: GuestPlatform,
    peer: DomainId,
    milliseconds: number,
    listener: OperationsListener,
  ): Operations {
    const granted = platform.sharePage(peer);
    let channel: OfferedChannel | undefined;
    try {
      channel = platform.offerChannel(peer);
      return new Operations(granted, channel, milliseconds, listener);
    } catch (cause) {
      channel?.close();
      granted.close();
      throw cause;
    }
  }

  /** From the first operation that stayed unanswered until {@link recover} succeeds. */
  get silence(): BackEndSilentError | undefined {
    return this.#silence;
  }

  /**
   * Carries one operation out and blocks until its answer is in {@link error} and {@link value}.
   * @returns false when there is no answer: the back end is silent, or this was closed.
   * @throws what the platform's blocking wait throws (WOULD_DEADLOCK): the request stays in the page, and the next
   * operation waits for its answer first.
   */
  perform(command: number, at: PciAddress, offset: number, size: number, value: number): boolean {
    if (this.#closed || this.#silence !== undefined) return false;
    const page = this.#page;
    if (page.pending && !this.#answered(command)) return false;
    page.post(command, at.domain, at.bus, at.devfn, offset, size, value);
    this.#channel.notify();
    if (page.pending && !this.#answered(command)) return false;
    this.error = page.error;
    this.value = page.value;
    // The wait for the answer may have taken the event of a request with it.
    this.#requests.look();
    return true;
  }

  /** Entry number that the `index`-th vector of the next enable_msix is for. */
  setEntry(index: number, entry: number): void {
    if (!this.#closed) this.#page.setEntry(index, entry);
  }

  /** Of the last operation, an enable_msix: the pirq of its `index`-th vector; 0 when this was closed. */
  pirq(index: number): number {
    return this.#closed ? 0 : this.#page.pirq(index);
  }

  /** @returns true when operations may go on: there was no silence, or the answer that was owed has come since. */
  recover(): boolean {
    if (this.#closed) return false;
    if (!this.#page.pending) this.#silence = undefined;
    return this.#silence === undefined;
  }

  /** Waits within the limit for the request in the page to be answered. A wake-up alone means nothing. */
  #answered(command: number): boolean {
    const deadline = performance.now() + this.#limit;
    while (this.#page.pending) {
      const left = deadline - performance.now();
      if (left <= 0) {
        // The page stays occupied: a late answer must not be taken for that of another request.
        this.#silence = new BackEndSilentError(COMMAND_NAMES[command] ?? 'an operation', this.#limit);
        this.#onSilence(this.#silence);
        return false;
      }
      this.#channel.wait(left);
    }
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests.close();
    this.#channel.close();
    this.#granted.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
