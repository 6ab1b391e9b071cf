/** One step of a comparison: what is done on which connection, the same for every server. */

import { messageName } from '../../../../src/xen/store/index.js';

/** How many connections a comparison has, all of dom0. */
export const CONNECTIONS = 3;

/** The transaction that a request names: one by the number of the step that began it, or an id as it stands. */
export type TransactionChoice = { readonly begunAt: number } | { readonly id: number };

export interface RequestStep {
  readonly kind: 'request';
  readonly connection: number;
  readonly type: number;
  readonly transaction: TransactionChoice;
  /** One character for each byte. */
  readonly payload: string;
}

/** The connection's end, and a new one in its place. */
export interface CutStep {
  readonly kind: 'cut';
  readonly connection: number;
  /** By a message that is too long, which the server answers with the end; or by the client, in the middle of one. */
  readonly how: 'too long' | 'half a message';
}

export type Step = RequestStep | CutStep;

export function describeStep(step: Step): string {
  if (step.kind === 'cut') return `connection ${step.connection} ends by ${step.how}`;
  const { connection, type, transaction, payload } = step;
  return `connection ${connection}, ${messageName(type)}, ${JSON.stringify(transaction)}, ${JSON.stringify(payload)}`;
}
