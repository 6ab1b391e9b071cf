/**
 * The pool: claimed functions, each free or given to one taker, reset and restored before anybody else gets them.
 * Works over any machine with host drivers; knows no hypervisor.
 */
export { checkAssignableKind } from './assignable.js';
export * from './claim-journal.js';
export type { ClaimRecord, TakenRecord } from './claim-record.js';
export type { PoolChange } from './claim-steps.js';
export type { ReturnReport } from './coming-back.js';
export * from './errors.js';
export type { Lease } from './leases.js';
export { ADDRESS_TEXT, KEPT_ADDRESS } from './kept-address.js';
export * from './ledger.js';
export type { PoolState } from './member.js';
export { Pool } from './pool.js';
