/** Register table of integrity and data encryption of a link, and of streams of requests through it. */
import { bits, extendedCapability, flag, hex, number, placed, register, values } from '../fields.js';
import type { Field, Register, RegisterReader, RegisterTable } from '../registers.js';
import { addressAssociationAt, IdeLayout, linkStreamAt, selectiveStreamAt } from './ide-layout.js';

const ALGORITHM = values(['AES-GCM 256, MAC of 96 bits']);
const AGGREGATION = values(['none', '2', '4', '8']);
const STATE = values({ 0: 'insecure', 2: 'secure' });
/** How many address bits a request hides, from bit 2 on. */
const PARTIAL_HEADER = values([
  'none',
  'address 19:2',
  'address 23:2',
  'address 27:2',
  'address 31:2',
  'address 35:2',
  'address 39:2',
  'address 43:2',
]);

/** Alike in link and selective streams. */
function streamControl(kind: string): Field[] {
  return [
    flag(0, 'enable', `${kind} IDE stream enable`, 'rw'),
    bits(3, 2, 'aggregate_npr', 'Aggregation of non-posted requests sent', 'rw', AGGREGATION),
    bits(5, 4, 'aggregate_pr', 'Aggregation of posted requests sent', 'rw', AGGREGATION),
    bits(7, 6, 'aggregate_cpl', 'Aggregation of completions sent', 'rw', AGGREGATION),
    flag(8, 'pcrc', 'PCRC enable', 'rw'),
    bits(13, 10, 'partial_header', 'Partial header encryption mode', 'rw', PARTIAL_HEADER),
    bits(18, 14, 'algorithm', 'Selected algorithm', 'rw', ALGORITHM),
    bits(21, 19, 'tc', 'Traffic class', 'rw'),
    bits(31, 24, 'stream', 'Stream ID', 'rw'),
  ];
}

function streamStatus(kind: string): Field[] {
  return [
    bits(3, 0, 'state', `${kind} IDE stream state`, 'ro', STATE),
    flag(31, 'check_failed', 'Integrity check fail message received', 'w1c'),
  ];
}

type PlaceOfBlock = (bytes: RegisterReader, index: number) => number | undefined;

/** A register of each block: `at` bytes from its start. */
function ofBlock(kind: 'link' | 'selective' | 'address', most: number, block: PlaceOfBlock) {
  return (at: number, name: string, title: string, fields: readonly Field[]): Register =>
    placed(register(IdeLayout.first + at, 4, name, title, fields), most, IdeLayout[kind], (bytes, index) => {
      const offset = block(bytes, index);
      return offset === undefined ? undefined : offset + at;
    });
}

const ofLink = ofBlock('link', 8, linkStreamAt);
const ofSelective = ofBlock('selective', 256, selectiveStreamAt);
const ofAddress = ofBlock('address', 400, addressAssociationAt);

/** In order of the offsets that the first block of each kind has at the least. */
function inOrder(registers: readonly Register[]): readonly Register[] {
  return [...registers].sort((a, b) => a.offset - b.offset);
}

export const ide: RegisterTable = {
  name: 'ide',
  title: 'Integrity and Data Encryption',
  source: 'PCI Express Base 6.0, 7.9.26; 6.1 (TEE-limited streams, segment base)',
  registers: inOrder([
    extendedCapability(),
    register(0x04, 4, 'cap', 'IDE capability', [
      flag(0, 'link', 'Link IDE stream supported'),
      flag(1, 'selective', 'Selective IDE streams supported'),
      flag(2, 'flow_through', 'Flow-through IDE stream supported'),
      flag(3, 'partial_header', 'Partial header encryption supported'),
      flag(4, 'aggregation', 'Aggregation supported'),
      flag(5, 'pcrc', 'PCRC supported'),
      flag(6, 'key_management', 'IDE_KM protocol supported'),
      flag(7, 'configuration', 'Selective IDE for configuration requests supported'),
      bits(12, 8, 'algorithms', 'Supported algorithms', 'ro', ALGORITHM),
      bits(15, 13, 'link_tcs', 'Number of TCs supported for link IDE', 'ro', number('TCs', 1, 1)),
      bits(23, 16, 'selective_streams', 'Number of selective IDE streams', 'ro', number('streams', 1, 1)),
      flag(24, 'tee_limited', 'TEE-limited stream supported'),
    ]),
    register(0x08, 4, 'control', 'IDE control', [
      flag(2, 'flow_through', 'Flow-through IDE stream enabled', 'rw'),
    ]),
    ofLink(0, 'link_control', 'Link IDE stream control', streamControl('Link')),
    ofLink(4, 'link_status', 'Link IDE stream status', streamStatus('Link')),
    ofSelective(0, 'selective_cap', 'Selective IDE stream capability', [
      bits(3, 0, 'addresses', 'Number of address association register blocks'),
    ]),
    ofSelective(4, 'selective_control', 'Selective IDE stream control', [
      ...streamControl('Selective'),
      flag(9, 'configuration', 'Selective IDE for configuration requests enable', 'rw'),
      flag(22, 'default', 'Default stream', 'rw'),
      flag(23, 'tee_limited', 'TEE-limited stream', 'rw'),
    ]),
    ofSelective(8, 'selective_status', 'Selective IDE stream status', streamStatus('Selective')),
    ofSelective(12, 'rid1', 'IDE RID association 1', [bits(23, 8, 'limit', 'RID limit', 'rw', hex())]),
    ofSelective(16, 'rid2', 'IDE RID association 2', [
      flag(0, 'valid', 'Valid', 'rw'),
      bits(23, 8, 'base', 'RID base', 'rw', hex()),
      bits(31, 24, 'segment', 'Segment base', 'rw', hex()),
    ]),
    ofAddress(0, 'address1', 'IDE address association 1, of all streams in order', [
      flag(0, 'valid', 'Valid', 'rw'),
      bits(19, 8, 'base_lower', 'Memory base lower, bits 31:20', 'rw', hex(20)),
      bits(31, 20, 'limit_lower', 'Memory limit lower, bits 31:20', 'rw', hex(20)),
    ]),
    ofAddress(4, 'address2', 'IDE address association 2, of all streams in order', [
      bits(31, 0, 'limit_upper', 'Memory limit upper, bits 63:32', 'rw', hex()),
    ]),
    ofAddress(8, 'address3', 'IDE address association 3, of all streams in order', [
      bits(31, 0, 'base_upper', 'Memory base upper, bits 63:32', 'rw', hex()),
    ]),
  ]),
};
