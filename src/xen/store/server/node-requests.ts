/** The operations on nodes: READ, DIRECTORY, DIRECTORY_PART, GET_PERMS, WRITE, MKDIR, RM, SET_PERMS. */
import { MAX_PAYLOAD } from '../wire.js';
import { create, put } from './creation.js';
import { OWNER, READ, WRITE, type StoredPermission, type StoreNode } from './node.js';
import { parentName } from './node-name.js';
import { removeSubtree } from './removal.js';
import { EACCES, EINVAL, ENOENT, ENOSPC, EPERM, Refusal } from './refusal.js';
import { leadingInt, nodeFor, OK, onlyString, wholeName, type Answer, type Request } from './request.js';
import { parseStoredPermission, permissionText, rightsOf } from './rights.js';

export function read(request: Request): Answer {
  const node = readable(request);
  return node instanceof Refusal ? node : node.value;
}

export function directory(request: Request): Answer {
  const node = readable(request);
  return node instanceof Refusal ? node : node.children;
}

export function getPermissions(request: Request): Answer {
  const node = readable(request);
  return node instanceof Refusal ? node : node.permissions.map((one) => `${permissionText(one)}\0`).join('');
}

/** As many whole names from a byte offset on as fit, behind the generation; an empty one marks the end. */
export function directoryPart(request: Request): Answer {
  const { text } = request;
  const [path, offset, rest] = text.split('\0', 3);
  if (
    path === undefined ||
    offset === undefined ||
    rest !== '' ||
    text.length !== path.length + offset.length + 2
  ) {
    return EINVAL;
  }
  const node = nodeFor(request, wholeName(request, path), READ);
  if (node instanceof Refusal) return node;
  const head = `${node.generation}\0`;
  const from = leadingInt(offset) >>> 0;
  const names = node.children.slice(from);
  if (from >= node.children.length) return `${head}\0`;
  const room = MAX_PAYLOAD - head.length - 1;
  return names.length <= room
    ? `${head}${names}\0`
    : head + names.slice(0, names.lastIndexOf('\0', room - 1) + 1);
}

export function write(request: Request): Answer {
  const { text } = request;
  const end = text.indexOf('\0');
  if (end < 0) return EINVAL;
  const name = wholeName(request, text.slice(0, end));
  const value = text.slice(end + 1);
  const node = nodeFor(request, name, WRITE);
  if (!(node instanceof Refusal)) {
    const written = put(request, name, { ...node, value });
    if (written instanceof Refusal) return written;
    changed(request, name, written);
    return OK;
  }
  return node === ENOENT ? makeNode(request, name, value) : node;
}

/** An existing node stays as it is. */
export function mkdir(request: Request): Answer {
  const path = onlyString(request.text);
  if (path === undefined) return EINVAL;
  const name = wholeName(request, path);
  const node = nodeFor(request, name, WRITE);
  if (!(node instanceof Refusal)) return OK;
  return node === ENOENT ? makeNode(request, name, '') : node;
}

/** A node that is not there is no fault where its parent is. */
export function remove(request: Request): Answer {
  const path = onlyString(request.text);
  if (path === undefined) return EINVAL;
  const name = wholeName(request, path);
  const node = nodeFor(request, name, WRITE);
  if (node instanceof Refusal) {
    if (node !== ENOENT) return node;
    const parent = request.view.read(parentName(name));
    return parent instanceof Refusal ? parent : OK;
  }
  if (name === '/') return EINVAL;
  return (
    removeSubtree(request.view, name, (gone, exact, before) => {
      if (request.transaction === undefined) request.store.fire(gone, exact, before);
      else request.transaction.tell(gone, exact);
    }) ?? OK
  );
}

export function setPermissions(request: Request): Answer {
  const { store, text } = request;
  const { domain } = request.connection;
  const [path, ...texts] = text.split('\0');
  if (texts.pop() !== '' || path === undefined || texts.length === 0) return EINVAL;
  if (!domain.privileged && texts.length > store.quotas.permissions) return ENOSPC;
  const permissions: StoredPermission[] = [];
  for (const one of texts) {
    const parsed = parseStoredPermission(one);
    if (parsed === undefined) return EINVAL;
    permissions.push(parsed);
  }
  const [owner, ...others] = permissions.map((one) => ({
    ...one,
    void: store.domains.named(one.domain) === undefined,
  }));
  if (owner === undefined || owner.void) return ENOENT;
  const list: StoreNode['permissions'] = [owner, ...others];
  if (path.startsWith('@')) return setSpecial(request, path, list);
  const name = wholeName(request, path);
  const node = nodeFor(request, name, WRITE | OWNER);
  if (node instanceof Refusal) return node;
  if (!domain.privileged && owner.domain !== node.permissions[0].domain) return EPERM;
  const written = put(request, name, { ...node, permissions: list });
  if (written instanceof Refusal) return written;
  changed(request, name, written, node);
  return OK;
}

function setSpecial({ store, connection }: Request, name: string, list: StoreNode['permissions']): Answer {
  const before = store.special.get(name);
  if (before === undefined) return EINVAL;
  if ((rightsOf(connection.domain, before) & (WRITE | OWNER)) !== (WRITE | OWNER)) return EACCES;
  store.special.set(name, list);
  return OK;
}

function readable(request: Request): StoreNode | Refusal {
  const path = onlyString(request.text);
  return path === undefined ? EINVAL : nodeFor(request, wholeName(request, path), READ);
}

function makeNode(request: Request, name: string, value: string): Answer {
  const node = create(request, name, value);
  if (node instanceof Refusal) return node;
  changed(request, name, node);
  return OK;
}

function changed(request: Request, name: string, node: StoreNode, before?: StoreNode): void {
  if (request.transaction === undefined) request.store.fire(name, false, node, before);
  else request.transaction.tell(name, false);
}
