/** The kernel's tables of TCP sockets, of both versions of IP (Documentation/networking/proc_net_tcp.rst). */

export interface Connection {
  /** The host's end. */
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly inode: string;
}

const ESTABLISHED = '01';

/** Established ones; lines that are none are passed over. */
export function parseConnections(text: string): readonly Connection[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state, , , , , , inode] = line.trim().split(/\s+/);
    if (state !== ESTABLISHED || inode === undefined) return [];
    const [ours, theirs] = [endOf(local), endOf(remote)];
    if (ours === undefined || theirs === undefined) return [];
    return [
      {
        local: ours.address,
        localPort: ours.port,
        remote: theirs.address,
        remotePort: theirs.port,
        inode,
      },
    ];
  });
}

function endOf(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, words, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text) ?? [];
  if (words === undefined || port === undefined) return undefined;
  return { address: addressOf(words), port: Number.parseInt(port, 16) };
}

/** Each word of four bytes is printed as the processor has it: the last byte first. */
function addressOf(words: string): string {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const pairs = bytes.flatMap((byte, index) => (index % 2 === 0 ? [`${byte}${bytes[index + 1] ?? ''}`] : []));
  return pairs.join(':').toLowerCase();
}
