/** The server of the room `xen/store`: what the room's own index passes on. */
export { DEFAULT_QUOTAS, type Quotas } from './quotas.js';
export type { StoreHypervisor } from './store.js';
export { StoreServer } from './store-server.js';
export type { ListedNode, StoreConnectOptions, StoreServerOptions } from './store-server.js';
