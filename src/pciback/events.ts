/** What the back end tells its owner, as data; and the one place where it becomes text. */
import type { ErrorSeverity } from '../function/index.js';
import { errorData, reasonOf, visibleText, type ErrorData, type PciAddress } from '../pci/index.js';
import type { ReturnReport } from '../pool/index.js';
import type { RecoveryEvent } from './guest-recovery.js';
import { UNSAID } from './policy.js';
import type { ErrorPolicy } from './recovery-options.js';
import type { DomainId } from '../xen/domain.js';
import { COMMAND_NAMES, XENBUS_STATE_NAMES, type XenbusState } from '../xen/pciif/index.js';
import type { FrontEndKind } from './front-end-kind.js';

/** `describeEvent` makes a line of it, `eventData` JSON. */
export type PcibackEvent = { readonly guest: DomainId } & PairEvent;

/** What happens in the pair of one guest. */
export type PairEvent =
  | { readonly event: 'state'; readonly state: XenbusState }
  | {
      readonly event: 'exported';
      readonly address: PciAddress;
      readonly virtual: PciAddress;
      /** Who said what the guest may write in it: `default` where nobody did. */
      readonly policy: string;
    }
  /** Told before the export: what the function shares with others, or lacks. */
  | { readonly event: 'found'; readonly address: PciAddress; readonly finding: ErrorData }
  | { readonly event: 'returned'; readonly report: ReturnReport }
  | { readonly event: 'connected'; readonly aerHandler: boolean; readonly frontEnd: FrontEndKind }
  /** A former process served the guest, and this one goes on; `connected`: its page is answered. */
  | { readonly event: 'resumed'; readonly functions: number; readonly connected: boolean }
  | { readonly event: 'foreign'; readonly state: XenbusState }
  | { readonly event: 'gone' }
  /** A guest's or tool stack's request that cannot be met, or a fault of ours. */
  | { readonly event: 'failed'; readonly doing: string; readonly error: unknown }
  | {
      readonly event: 'write_refused';
      readonly address: PciAddress;
      readonly offset: number;
      readonly width: number;
      readonly value: number;
      readonly register: string | undefined;
    }
  | {
      readonly event: 'operation_failed';
      readonly command: number;
      readonly devfn: number;
      readonly error: unknown;
    }
  | RecoveryEvent;

/** The event as data that JSON can carry: errors with code, evidence and next step. */
export function eventData(event: PcibackEvent): object {
  return 'error' in event ? { ...event, error: errorData(event.error) } : event;
}

/** One line, without an end. What a guest wrote is in it: nothing in it may command a terminal. */
export function describeEvent(event: PcibackEvent): string {
  return visibleText(textOf(event));
}

function textOf(event: PcibackEvent): string {
  const guest = `guest ${event.guest}`;
  switch (event.event) {
    case 'state':
      return `${guest}: back end ${XENBUS_STATE_NAMES[event.state]}`;
    case 'exported':
      return `${guest}: ${event.address} is ${event.virtual} in the guest${
        event.policy === UNSAID.source ? '' : `, policy: ${event.policy}`
      }`;
    case 'found':
      return `${guest}: not safe: ${event.finding.code}: ${event.finding.message}`;
    case 'returned':
      return `${guest}: ${describeReturn(event.report)}`;
    case 'connected':
      return `${guest}: front end connected${event.aerHandler ? ', handles AER' : ''}${
        event.frontEnd === 'fixed' ? ', takes no changes while it runs' : ''
      }`;
    case 'resumed': {
      const { functions, connected } = event;
      const what = `${functions} ${functions === 1 ? 'function' : 'functions'}`;
      return `${guest}: served on after a restart, with ${what}${connected ? ', connected' : ''}`;
    }
    case 'foreign':
      return `${guest}: another back end has this pair (${XENBUS_STATE_NAMES[event.state]}); left alone`;
    case 'gone':
      return `${guest}: its PCI pair is gone`;
    case 'failed':
      return `${guest}: ${event.doing} failed: ${reasonOf(event.error)}`;
    case 'write_refused': {
      const { address, offset, width, value, register } = event;
      const where = `0x${offset.toString(16)}${register === undefined ? '' : ` (${register})`}`;
      const what = value.toString(16).padStart(width * 2, '0');
      return `${guest}: ${address}: refused a write of 0x${what} to ${where}; further ones there are not told`;
    }
    case 'operation_failed':
      return `${guest}: ${COMMAND_NAMES[event.command] ?? `command ${event.command}`} for virtual function 0x${event.devfn.toString(16)} failed: ${reasonOf(event.error)}`;
    case 'error': {
      const { address, report } = event;
      const which = report.errors.length === 0 ? '' : ` (${report.errors.join(', ')})`;
      const whose = report.address.equals(address) ? 'it' : report.address;
      return `${guest}: ${address}: ${whose} reported a ${SEVERITY_TEXT[report.severity]} error${which}; recovery begins`;
    }
    case 'recovery_step':
      return `${guest}: ${event.address}: ${event.step}: ${event.answer}`;
    case 'recovered':
      return `${guest}: ${event.address} is recovered`;
    case 'recovery_failed':
      return `${guest}: ${event.address} was not recovered (${event.why}): ${ERROR_POLICY_TEXT[event.policy]}`;
  }
}

const SEVERITY_TEXT: Readonly<Record<ErrorSeverity, string>> = {
  correctable: 'correctable',
  non_fatal: 'non-fatal',
  fatal: 'fatal',
};

const ERROR_POLICY_TEXT: Readonly<Record<ErrorPolicy, string>> = {
  'take-back': 'taken away from it',
  'kill-guest': 'the tool stack is told to end the guest',
  ignore: 'left to it as it is',
};

function describeReturn({ address, reset, differing, unsettled, quarantined }: ReturnReport): string {
  const parts = [
    'method' in reset ? `reset by ${reset.method}` : `not reset (${reset.failed})`,
    differing.length === 0 ? 'restored' : `restored but for ${differing.join(', ')}`,
    ...unsettled.map((what) => `could not be undone: ${what}`),
  ];
  const where = quarantined === undefined ? 'back in the pool' : `in quarantine: ${quarantined}`;
  return `${address} ${where}; ${parts.join('; ')}`;
}
