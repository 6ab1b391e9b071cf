/** `node store-server.js SOCKET`: our XenStore server in a process of its own; says "ready" and runs until a signal. */
import { StoreServer } from '../src/xen/store/index.js';

const [, , path = ''] = process.argv;
const server = new StoreServer();
await server.listen(path);
console.log('ready');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
