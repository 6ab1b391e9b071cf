/** Refusals of the embedded Xen. */
import { OpenslotError } from '../../pci/errors.js';

/** A guest's calls are answered by the thread that they would block. */
export class WouldDeadlockError extends OpenslotError {
  readonly code = 'WOULD_DEADLOCK';
  constructor(domain: number) {
    super(
      `domain ${domain} cannot run on the hypervisor's own thread: its first register access would wait for itself`,
      { domain },
      'run the guest in a worker (LocalDomain.run): openslot guest run FILE',
    );
  }
}

/** A guest's memory is used up. */
export class GuestMemoryError extends OpenslotError {
  readonly code = 'GUEST_MEMORY';
  constructor(wanted: number, free: number) {
    super(
      `the guest has no ${wanted} bytes in one piece left; ${free} bytes are free`,
      { wanted, free },
      'free what is not needed, or give the guest more: openslot guest run FILE --memory SIZE',
    );
  }
}

/** A program goes on after its domain was destroyed. */
export class DomainEndedError extends OpenslotError {
  readonly code = 'DOMAIN_ENDED';
  constructor(domain: number) {
    super(`domain ${domain} has ended: nobody answers its calls any more`, { domain });
  }
}

/** A domain sent what only fills the memory of everybody else. */
export class DomainMessagesError extends OpenslotError {
  readonly code = 'DOMAIN_MESSAGES';
  constructor(domain: number, what: string) {
    super(
      `domain ${domain} was ended: it sent ${what}`,
      { domain },
      'a guest program talks by XenStore, event channels and what it prints; parentPort and the ports of its workerData are not its own',
    );
  }
}
