/** The operations on transactions: TRANSACTION_START and TRANSACTION_END. */
import { EBUSY, EINVAL, ENOENT, ENOSPC, Refusal } from './refusal.js';
import { OK, onlyString, type Answer, type Request } from './request.js';
import { Transaction } from './transaction.js';

export function startTransaction({ store, connection, transaction }: Request): Answer {
  if (transaction !== undefined) return EBUSY;
  const { domain, transactions } = connection;
  if (!domain.privileged && transactions.size > store.quotas.transactions) return ENOSPC;
  do {
    connection.lastTransaction = (connection.lastTransaction + 1) >>> 0;
  } while (connection.lastTransaction === 0 || transactions.has(connection.lastTransaction));
  const id = connection.lastTransaction;
  transactions.set(id, new Transaction(store.generations, store.tree, domain, store.quotas));
  return `${id}\0`;
}

/** T makes its changes, F forgets them. */
export function endTransaction({ store, connection, message, transaction, text }: Request): Answer {
  const verdict = onlyString(text);
  if (verdict !== 'T' && verdict !== 'F') return EINVAL;
  if (transaction === undefined) return ENOENT;
  connection.transactions.delete(message.transactionId);
  transaction.close();
  if (verdict === 'F') return OK;
  const told = transaction.commit();
  if (told instanceof Refusal) return told;
  for (const { name, exact, before } of told) {
    const node = store.tree.get(name);
    // One that came and went within the transaction was never there for anybody.
    if (before !== undefined || node !== undefined) store.fire(name, exact, node, before);
  }
  return OK;
}
