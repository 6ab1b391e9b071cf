/** Sessions of people who are logged in from afar, by the interface that carries each. */
import { SocketAddress } from 'node:net';
import type { HostFiles } from './host-files.js';
import type { InterfaceStack } from './interface-stack.js';
import { chainText, type PlacedUse } from './placed-use.js';
import type { Owner, Processes } from './processes.js';
import { parseConnections, type Connection } from './tcp-table.js';

/** Where nobody says who has a connection, the port says it. */
const SSH_PORT = 22;

interface Session {
  readonly who: string;
  readonly from: string;
  /** The host's own address. */
  readonly to: string;
}

export function sessionUses(
  files: HostFiles,
  stack: InterfaceStack,
  processes: Processes,
): readonly PlacedUse[] {
  const interfaces = new Map<string, string>();
  for (const [name, addresses] of files.roots.addresses())
    for (const address of addresses) interfaces.set(plain(address), name);
  return sessionsOf(files, processes).flatMap(({ who, from, to }) => {
    const name = interfaces.get(to);
    const chains = name === undefined ? [] : stack.chains(name);
    return chains.map((chain) => ({
      use: { kind: 'session' as const, via: chainText(chain), who, from },
      functions: chain.functions,
    }));
  });
}

function sessionsOf(files: HostFiles, processes: Processes): readonly Session[] {
  const sessions = new Map<string, Session>();
  const [from, port, to] = files.roots.connection?.split(' ') ?? [];
  const tables = ['net/tcp', 'net/tcp6'].flatMap((table) =>
    parseConnections(files.text('proc', table) ?? ''),
  );
  for (const connection of tables) {
    const who = whoHas(files, connection, processes);
    if (who === undefined) continue;
    const session = { who, from: plain(connection.remote), to: plain(connection.local) };
    sessions.set(`${session.from} ${connection.remotePort}`, session);
  }
  if (from !== undefined && port !== undefined && to !== undefined)
    sessions.set(`${plain(from)} ${port}`, { who: 'this session', from: plain(from), to: plain(to) });
  return [...sessions.values()];
}

/** Undefined for what is no session's connection. */
function whoHas(
  files: HostFiles,
  { inode, localPort }: Connection,
  { sessions, denied }: Processes,
): string | undefined {
  const owners = sessions.get(inode);
  if (owners !== undefined) return accountOf(files, owners);
  return denied > 0 && localPort === SSH_PORT ? 'somebody' : undefined;
}

/** The daemon holds it as root, and as the user once he is logged in. */
function accountOf(files: HostFiles, owners: readonly Owner[]): string {
  const users = owners.map(({ process }) => {
    const status = files.text('proc', `${process}/status`) ?? '';
    return /^Uid:\s*(\d+)/m.exec(status)?.[1] ?? '0';
  });
  const user = users.find((one) => one !== '0') ?? '0';
  const account = files.lines('etc', 'passwd').find((line) => line.split(':')[2] === user);
  return account?.split(':')[0] ?? `user ${user}`;
}

/** One text for one address, of version 4 where it is mapped into version 6. */
function plain(address: string): string {
  const [bare = ''] = address.split('%');
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined || !bare.includes(':')) return mapped ?? bare;
  try {
    return plainVersion4(new SocketAddress({ address: bare, family: 'ipv6' }).address);
  } catch {
    return bare;
  }
}

function plainVersion4(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
