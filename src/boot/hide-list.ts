/** A hide list as the system reads it that it is meant for: what is claimed at boot, and what goes wrong. */
import type { HideFindingCode, HideSeverity } from './hide-findings.js';
import type { HidePattern } from './hide-pattern.js';

/** Whose grammar a list is in: NetBSD's pciback(4), or Linux's xen-pciback. */
export type HideDialect = 'netbsd' | 'linux';

/** A part of the list between its parentheses. */
export interface HideElement {
  /** As it stands there, with its parentheses. */
  readonly text: string;
  /** Characters from the beginning of the text that was read, from 0. */
  readonly position: number;
  /** What the system reads in it; undefined where it skips the element, or reads what no function can have. */
  readonly pattern: HidePattern | undefined;
}

/** Something in the text that does not do what it seems to say. */
export interface HideFinding {
  readonly code: HideFindingCode;
  readonly severity: HideSeverity;
  /** Characters from the beginning of the text that was read, from 0 to its length. */
  readonly position: number;
  /** The part that it is about; empty where something is missing. */
  readonly text: string;
}

/** What a system makes of one list. */
export interface HideList {
  readonly dialect: HideDialect;
  /** The list alone, out of the option that it stood in. */
  readonly value: string;
  /** As far as the system reads; what stands behind is not looked at. */
  readonly elements: readonly HideElement[];
  /** What the system keeps from its drivers in the end. */
  readonly claims: readonly HidePattern[];
  /** Whether the back end is there for guests afterwards. */
  readonly backEnd: boolean;
  /** In order of position. */
  readonly findings: readonly HideFinding[];
}

/** A list is sound when the system does what it says: no element is lost, nothing else breaks. */
export function isSound({ findings }: Pick<HideList, 'findings'>): boolean {
  return findings.every(({ severity }) => severity === 'warning');
}

/** Where a list stands in a text: `start` characters from its beginning. */
export interface HideValue {
  readonly value: string;
  readonly start: number;
}
