/**
 * QMP, the monitor of QEMU: a JSON object a line, commands with their answers, events. Knows lines, the vocabulary's errors
 * and Node's sockets; what the commands mean is who gives them.
 */
export { connectMonitor, type ConnectMonitorOptions } from './connect.js';
export {
  MonitorEndedError,
  MonitorProtocolError,
  MonitorRefusedError,
  MonitorSilentError,
  MonitorUnreachableError,
} from './errors.js';
export { isObject, type JsonObject } from './message.js';
export { MonitorClient, type MonitorClientOptions } from './monitor-client.js';
