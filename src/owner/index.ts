/**
 * The owner of a machine: the process whose socket is the lock, and the JSON lines that other commands send it.
 * Knows Node's sockets and the requests' shape; what a request does is given to it.
 */
export { askOwner, OwnerRefusedError, OwnerUnreachableError } from './client.js';
export { OwnedMachine } from './owned-machine.js';
export { OwnerRunningError, OwnerSocket, RuntimeDirectoryError } from './owner-socket.js';
export { perform } from './request-lines.js';
export { checkRequest } from './request-schemas.js';
export type { CheckedParameters, RequestName, RequestParameters } from './request-schemas.js';
export {
  MOST_ACCESSES,
  POOL_STATES,
  type OwnerRequests,
  type OwnerResults,
  type PoolEntry,
  type Wire,
} from './requests.js';
export { machineFiles, runtimeDirectory } from './runtime-directory.js';
export { ServiceManager } from './service-manager.js';
export { stateDirectory, stateFiles } from './state-directory.js';
export { lockState, StateBusyError, StateDirectoryError } from './state-lock.js';
