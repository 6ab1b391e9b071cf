/** What a check of the doctor is: a question to a host or one of its functions, answered by fine, or by causes. */
import type { Evidence } from '../../pci/index.js';
import type { ExaminedFunction } from './examined-function.js';
import type { ExaminedHost } from './examined-host.js';

/** What a function is to be handed over for: Xen guests, programs and QEMU by VFIO, files for programs. */
export const PURPOSES = ['xen', 'vfio', 'proto'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a check looks at, from the machine's firmware up to what openslot left behind; the order in which it is told. */
export const LAYERS = [
  'firmware',
  'command line',
  'modules',
  'IOMMU',
  'function',
  'kernel',
  'limits',
  'VFIO and UIO',
  'FUSE',
  'Xen',
  'openslot',
] as const;
export type Layer = (typeof LAYERS)[number];

/** A cause that a check can find, with what is the same each time. */
export interface CauseKind {
  /** What cannot be done as long as it is so; empty for what is merely worth knowing. */
  readonly blocks: readonly Purpose[];
  /** One sentence: why it matters. */
  readonly why: string;
  /** What to do: a command where one does it. */
  readonly next: string;
}

/** A cause as it was found. */
export interface Found<Code extends string = string> extends Partial<CauseKind> {
  readonly code: Code;
  /** One sentence: what is so, with names and numbers. */
  readonly what: string;
  /** More to `what`, a line each. */
  readonly details?: readonly string[];
  readonly evidence: Evidence;
}

/** All is well, in one sentence; or the causes; or undefined where there is nothing to ask. */
export type Answer<Code extends string = string> =
  | { readonly fine: string; readonly evidence: Evidence }
  | { readonly causes: readonly Found<Code>[] }
  | undefined;

export interface Subject {
  readonly host: ExaminedHost;
  readonly purposes: ReadonlySet<Purpose>;
}

export interface FunctionSubject extends Subject {
  readonly fn: ExaminedFunction;
}

interface Question<Code extends string> {
  /** Stable, in lower case. */
  readonly name: string;
  readonly layer: Layer;
  /** The question, in words. */
  readonly asks: string;
  /** Asked only when one of these is wanted. */
  readonly purposes: readonly Purpose[];
  readonly causes: Readonly<Record<Code, CauseKind>>;
}

/** Codes are typed where a check is written, and plain text to who runs them all. */
export interface Check extends Question<string> {
  /** `fn` is the function that was asked about, if one was. */
  look(subject: Subject, fn: ExaminedFunction | undefined): Answer;
}

/** Asked of every host. */
export function hostCheck<Code extends string>(
  question: Question<Code> & {
    /** `fn` is the function that was asked about, if one was. */
    look(subject: Subject, fn: ExaminedFunction | undefined): Answer<NoInfer<Code>>;
  },
): Check {
  return question;
}

/** Asked of a function alone. */
export function functionCheck<Code extends string>(
  question: Question<Code> & { look(subject: FunctionSubject): Answer<NoInfer<Code>> },
): Check {
  return {
    ...question,
    look: (subject, fn) => (fn === undefined ? undefined : question.look({ ...subject, fn })),
  };
}

export function fine(what: string, evidence: Evidence = {}): { fine: string; evidence: Evidence } {
  return { fine: what, evidence };
}

/** The causes; where there are none, what is fine then. */
export function causesOr<Code extends string>(
  causes: readonly Found<Code>[],
  otherwise: Answer<Code>,
): Answer<Code> {
  return causes.length > 0 ? { causes } : otherwise;
}
