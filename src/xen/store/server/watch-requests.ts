/** The operations on watches: WATCH, UNWATCH, RESET_WATCHES. */
import { MAX_RELATIVE_PATH } from '../paths.js';
import { isNodeName } from './node-name.js';
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from './refusal.js';
import { endedStrings, OK, wholeName, type Answer, type Request } from './request.js';

/** A third string, the depth, is for servers that have that feature; xenstored 4.17 has not. */
export function watch(request: Request): Answer {
  const { store, connection, message } = request;
  const { domain } = connection;
  const [path, token, ...rest] = endedStrings(request.text);
  if (path === undefined || token === undefined || rest.length > 0) return EINVAL;
  const name = wholeName(request, path);
  if (name.startsWith('@') ? name.length > MAX_RELATIVE_PATH : !isNodeName(name, store.quotas.nameLength))
    return EINVAL;
  const key = keyOf(name, token);
  if (connection.watches.has(key)) return EEXIST;
  if (!domain.privileged) {
    if (domain.watches > store.quotas.watches) return E2BIG;
    if (!domain.affords(name.length + token.length, store.quotas)) return ENOMEM;
  }
  const prefix = name === path ? '' : `${domain.home}/`;
  const added = store.watches.add(connection, name, token, prefix);
  connection.watches.set(key, added);
  domain.watches++;
  domain.memory += name.length + token.length;
  connection.reply(message, message.type, OK);
  // Fires once at the start: whoever watches looks for the first time then.
  connection.event(added, name);
  return undefined;
}

export function unwatch(request: Request): Answer {
  const [path, token, ...rest] = endedStrings(request.text);
  if (path === undefined || token === undefined || rest.length > 0) return EINVAL;
  const key = keyOf(wholeName(request, path), token);
  const found = request.connection.watches.get(key);
  if (found === undefined) return ENOENT;
  request.connection.removeWatch(key, found);
  return OK;
}

/** Drops the transactions, too. */
export function resetWatches({ connection }: Request): Answer {
  connection.dropAll();
  return OK;
}

function keyOf(name: string, token: string): string {
  return `${name}\0${token}`;
}
