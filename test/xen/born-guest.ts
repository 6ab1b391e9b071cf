/** What libxl writes of a guest into XenStore before its devices. */
import type { StoreServer } from '../../src/xen/store/index.js';
import { permissions } from './store/tree-text.js';

export function bearGuest(
  store: StoreServer,
  guest: number,
  { name = `guest${guest}`, type = 'pv' } = {},
): void {
  const uuid = `00000000-0000-4000-8000-${String(guest).padStart(12, '0')}`;
  for (const [path, value, ...owners] of [
    [`/local/domain/${guest}`, '', 'n0', `r${guest}`],
    [`/local/domain/${guest}/name`, name],
    [`/local/domain/${guest}/vm`, `/vm/${uuid}`],
    [`/local/domain/${guest}/device`, ''],
    [`/local/domain/${guest}/device/suspend/event-channel`, ''],
    ['/local/domain/0/backend/console', ''],
    [`/libxl/${guest}`, '', 'n0'],
    [`/libxl/${guest}/type`, type],
  ] as const) {
    store.write(path, value);
    if (owners.length > 0) store.setPermissions(path, permissions(...owners));
  }
}
