/** The way to the store from this domain, and which domain that is. */
import { parseDomainId, type DomainId } from '../domain.js';
import { openSocket, XenStoreClient, XenStoreUnreachableError, type XenStore } from '../store/index.js';
import { XenbusTransport } from './xenbus-transport.js';

function isAbsent({ evidence }: XenStoreUnreachableError): boolean {
  const errnos = evidence['errno'];
  return Array.isArray(errnos) && errnos.every((errno) => errno === 'ENOENT');
}

/**
 * The daemon's socket where there is one, else the kernel's device, which also reaches a store in another domain.
 * @throws {XenStoreUnreachableError}
 */
export async function openStore(): Promise<XenStore> {
  try {
    return new XenStoreClient(await openSocket());
  } catch (cause) {
    // A socket that refuses is a daemon that died: the device leads to the same one, and would wait for ever.
    if (!(cause instanceof XenStoreUnreachableError) || !isAbsent(cause)) throw cause;
    try {
      return new XenStoreClient(new XenbusTransport());
    } catch {
      // The socket's error names what was tried and what to start; the device's would only repeat it.
      throw cause;
    }
  }
}

/** The id of this domain; undefined when the store names none. */
export async function ownDomain(store: XenStore): Promise<DomainId | undefined> {
  return parseDomainId(await store.read('domid'));
}
