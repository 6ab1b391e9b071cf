/** What a rule of `explain` is: a look at one function and its surroundings that may find something to say. */
import type { FunctionNode, Topology } from '../topology.js';

/** `fault`: something does not work; `limit`: it works below what it could; `note`: worth knowing. */
export type Weight = 'fault' | 'limit' | 'note';

/** What was found, as data. The text is made of the rule's words and this evidence. */
export interface Explanation {
  /** Stable. */
  readonly code: string;
  readonly weight: Weight;
  /** One sentence: what is so, with the numbers. */
  readonly what: string;
  /** One sentence: why, or what it leads to. */
  readonly why: string;
  /** More to `what`, a line each. */
  readonly details?: readonly string[];
  /** What can be done; empty where nothing can. */
  readonly next: string;
  readonly evidence: Readonly<Record<string, string | number | readonly string[]>>;
}

/** The function that is explained, and all others. */
export interface Subject {
  readonly node: FunctionNode;
  readonly topology: Topology;
}

/** What a rule found of a subject, without what is the same each time. */
export type Found = Pick<Explanation, 'what' | 'evidence'> &
  Partial<Pick<Explanation, 'why' | 'next' | 'details'>>;

/** `code` is told of in docs/looking.md. */
export interface Rule {
  readonly code: string;
  readonly weight: Weight;
  /** Said of each finding that says nothing else. */
  readonly why: string;
  readonly next: string;
  look(subject: Subject): readonly Found[];
}

/** Address as people type it. */
export function nameOf({ fn }: FunctionNode): string {
  return String(fn.address);
}

/** Names of a list that are told: of a machine where all share one thing, each function would name all others. */
const MOST_NAMES = 16;

/** Their addresses, the first of them, and how many more there are. */
export function namesOf(nodes: readonly FunctionNode[]): string[] {
  const names = nodes.slice(0, MOST_NAMES).map(nameOf);
  const more = nodes.length - names.length;
  return more === 0 ? names : [...names, `${more} more`];
}
