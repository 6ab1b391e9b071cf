/** The keys of a guest of the embedded Xen, as libxl writes those of a PV domain. */
import { LOADED_KEY, SHUTDOWN_KEY } from '../guest/index.js';
import { DOM0, type DomainId } from '../xen/domain.js';
import type { LocalDomain } from '../xen/local/index.js';
import { backendPath } from '../xen/pciif/index.js';
import { homePath, removeWithEmptyParents, type Permission, type StoreView } from '../xen/store/index.js';
import { libxlPath, vmPath } from './guests.js';

/** What the guest itself may write. */
const OWN_KEYS = [SHUTDOWN_KEY, LOADED_KEY, 'data', 'drivers', 'feature', 'attr', 'error'];

export async function introduceGuest(
  tx: StoreView,
  { id, name, memory }: Pick<LocalDomain, 'id' | 'name' | 'memory'>,
  uuid: string,
): Promise<void> {
  const [home, vm] = [homePath(id), vmPath(uuid)];
  const readable: readonly Permission[] = [
    { access: 'none', domain: DOM0 },
    { access: 'read', domain: id },
  ];
  const own: readonly Permission[] = [{ access: 'none', domain: id }];
  const put = async (path: string, value: string, permissions: readonly Permission[]) => {
    await tx.write(path, value);
    await tx.setPermissions(path, permissions);
  };
  const kibibytes = String(memory.buffer.byteLength / 1024);
  await put(home, '', readable);
  for (const [key, value] of Object.entries({
    vm,
    name,
    domid: String(id),
    'memory/static-max': kibibytes,
    'memory/target': kibibytes,
    'store/port': '1',
    device: '',
    control: '',
  }))
    await put(`${home}/${key}`, value, readable);
  for (const key of OWN_KEYS) await put(`${home}/${key}`, '', own);
  await put(vm, '', readable);
  await put(`${vm}/name`, name, readable);
  await put(`${vm}/uuid`, uuid, readable);
  await tx.write(`${libxlPath(id)}/type`, 'pv');
}

export async function forgetGuest(tx: StoreView, id: DomainId, uuid: string): Promise<void> {
  for (const path of [homePath(id), vmPath(uuid), libxlPath(id)]) await tx.remove(path);
  // The back end does it too, after its functions have come back: whoever is first.
  await removeWithEmptyParents(tx, backendPath(DOM0, id), '/');
}
