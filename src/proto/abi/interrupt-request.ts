/** PROTO_IOC_SIGNAL: asks an interrupt file for a signal to the calling process. A request of ours, not of FreeBSD. */
import { protoRequest } from './ioctl-numbers.js';

/** struct { u32 signal; u32 reserved; u64 value; }: 0 ends it; `value` comes with the signal (si_value). */
const Layout = { bytes: 16, signal: 0, reserved: 4, value: 8 } as const;

/** Numbers from 128 on are ours. */
export const PROTO_IOC_SIGNAL = protoRequest(128, Layout.bytes);

export interface SignalRequest {
  readonly signal: number;
  readonly reserved: number;
  readonly value: bigint;
}

export function signalRequest(argument: Uint8Array): SignalRequest {
  const view = new DataView(argument.buffer, argument.byteOffset, Layout.bytes);
  return {
    signal: view.getUint32(Layout.signal, true),
    reserved: view.getUint32(Layout.reserved, true),
    value: view.getBigUint64(Layout.value, true),
  };
}
