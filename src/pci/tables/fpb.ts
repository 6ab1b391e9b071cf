/** Register table of the flattening portal bridge capability; its last two registers are a window onto bit vectors. */
import { bits, capabilityList, flag, hex, register, values, whole } from '../fields.js';
import type { Field, RegisterTable } from '../registers.js';

function vectorSize(high: number, low: number, name: string, title: string): Field {
  return bits(
    high,
    low,
    name,
    title,
    'ro',
    values(['256 bits', '512 bits', '1024 bits', '2048 bits', '4096 bits', '8192 bits']),
  );
}

export const fpb: RegisterTable = {
  name: 'fpb',
  title: 'Flattening Portal Bridge',
  source: 'PCI Express Base 6.0, 7.8.11',
  window: true,
  registers: [
    capabilityList(),
    register(4, 4, 'cap', 'FPB capabilities', [
      flag(0, 'rid', 'Requester ID decoding'),
      flag(1, 'memory_low', 'Low memory decoding'),
      flag(2, 'memory_high', 'High memory decoding'),
      bits(7, 3, 'secondary_devices', 'Devices on the secondary side'),
      vectorSize(10, 8, 'rid_size', 'Requester ID vector size'),
      vectorSize(18, 16, 'memory_low_size', 'Low memory vector size'),
      vectorSize(26, 24, 'memory_high_size', 'High memory vector size'),
    ]),
    register(8, 4, 'rid_control1', 'Requester ID vector control 1', [
      flag(0, 'enable', 'Requester ID decoding enable', 'rw'),
      bits(7, 4, 'granularity', 'Granularity', 'rw', values({ 0: '1', 3: '8', 5: '64', 8: '256' })),
      bits(31, 19, 'start', 'Start of the vector', 'rw', hex(3)),
    ]),
    register(0xc, 4, 'rid_control2', 'Requester ID vector control 2', [
      bits(15, 3, 'secondary_start', 'First requester ID of the secondary side', 'rw', hex(3)),
    ]),
    register(0x10, 4, 'memory_low_control', 'Low memory vector control', [
      flag(0, 'enable', 'Low memory decoding enable', 'rw'),
      bits(7, 4, 'granularity', 'Granularity', 'rw', values(['1 MiB', '2 MiB', '4 MiB', '8 MiB', '16 MiB'])),
      bits(31, 20, 'start', 'Start of the vector', 'rw', hex(20)),
    ]),
    register(0x14, 4, 'memory_high_control1', 'High memory vector control 1', [
      flag(0, 'enable', 'High memory decoding enable', 'rw'),
      bits(
        7,
        4,
        'granularity',
        'Granularity',
        'rw',
        values(['256 MiB', '512 MiB', '1 GiB', '2 GiB', '4 GiB', '8 GiB', '16 GiB', '32 GiB']),
      ),
      bits(31, 28, 'start', 'Start of the vector, lower half', 'rw', hex(28)),
    ]),
    whole(0x18, 4, 'memory_high_control2', 'Start of the high memory vector, upper half', 'rw'),
    register(0x1c, 4, 'access', 'Vector access control', [
      bits(7, 0, 'offset', 'Dword of the vector', 'rw', hex()),
      bits(15, 14, 'vector', 'Vector', 'rw', values(['requester ID', 'low memory', 'high memory'])),
    ]),
    whole(0x20, 4, 'data', 'That dword', 'rw'),
  ],
};
