/** What the running Xen answers, part by part: for who looks for what is in the way. Nothing is changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../pci/index.js';
import { Control, KNOWN_VERSIONS } from './control.js';
import { controlDomainVersion } from './hypervisor.js';
import { openStore, ownDomain } from './native-store.js';

/** Why a real Xen cannot be used here, if so. */
export interface XenAnswers {
  /** Undefined where XenStore answered; else why it did not. */
  readonly store: string | undefined;
  /** The store names this domain's own number. */
  readonly domainKnown: boolean;
  /** An IOMMU stands between functions and memory; undefined where Xen could not be asked. */
  readonly translates: boolean | undefined;
}

/** A daemon that hangs is as good as none. */
const PATIENCE_MS = 5000;

/** Needs no root to be asked; what may not be asked is undefined. */
export async function askXen(): Promise<XenAnswers> {
  return { ...(await askStore()), translates: askForIommu() };
}

async function askStore(): Promise<Pick<XenAnswers, 'store' | 'domainKnown'>> {
  const ended = new AbortController();
  const silence = sleep(PATIENCE_MS, { store: `no answer in ${PATIENCE_MS} ms`, domainKnown: false }, ended);
  try {
    return await Promise.race([readDomain(), silence]);
  } catch (error) {
    return { store: messageOf(error), domainKnown: false };
  } finally {
    silence.catch(() => undefined);
    ended.abort();
  }
}

async function readDomain(): Promise<Pick<XenAnswers, 'store' | 'domainKnown'>> {
  const store = await openStore();
  try {
    return { store: undefined, domainKnown: (await ownDomain(store)) !== undefined };
  } finally {
    await store.close();
  }
}

function askForIommu(): boolean | undefined {
  try {
    const version = controlDomainVersion();
    if (!KNOWN_VERSIONS.includes(version)) return undefined;
    using control = new Control(version);
    return control.hasIommu();
  } catch {
    // Not the control domain, not root, no library: checks of their own tell it.
    return undefined;
  }
}
