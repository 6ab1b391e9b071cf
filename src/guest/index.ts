/**
 * A guest program's surroundings: what `openslot guest run FILE` gives to the function that FILE exports. Runs in the
 * guest's worker; knows the front end and the embedded platform, and nothing of the host's side.
 */
import type { DomainId } from '../xen/domain.js';
import type { LocalGuestPlatform } from '../xen/local/index.js';
import type { XenStore } from '../xen/store/index.js';
import type { Xpci } from '../xpci/index.js';

/** What a {@link GuestProgram} is called with. */
export interface Guest {
  readonly domain: DomainId;
  readonly name: string;
  /** What stood behind FILE. */
  readonly arguments: readonly string[];
  readonly platform: LocalGuestPlatform;
  /** The guest's own connection; relative paths begin at `/local/domain/<id>`. */
  readonly store: XenStore;
  /** The bus of the functions that the guest is given, now and later. */
  readonly xpci: Xpci;
  /** Aborted when the tool stack asks the guest to end; the bus closes then, and {@link Xpci.changes} with it. */
  readonly shutdown: AbortSignal;
}

/**
 * The default export of a guest program. When it settles, the guest shuts down. A program that needs another bus than
 * the usual one (more vectors of MSI-X, another bound of an operation) exports `xpciOptions` besides, of the type
 * `XpciOptions`.
 */
export type GuestProgram = (guest: Guest) => unknown;

export { GuestProgramError } from './errors.js';

/** The first module of a guest's worker. Its data is a {@link GuestStart}. */
export const GUEST_ENTRY = new URL('../guest/entry.js', import.meta.url);

/** Written with 1, in the guest's own directory, once its program is loaded and it can be asked to shut down. */
export const LOADED_KEY = 'control/feature-poweroff';

/** Where, in the guest's own directory, a tool stack asks it to end, and the word for it. */
export const SHUTDOWN_KEY = 'control/shutdown';
/** The word, as libxl writes it (docs/misc/xenstore-paths.pandoc of Xen, control/shutdown). */
export const POWEROFF = 'poweroff';

/** What the tool stack hands to {@link GUEST_ENTRY}. */
export interface GuestStart {
  /** `file:` address of the program. */
  readonly program: string;
  readonly arguments: readonly string[];
}
