/** What of the host's network goes through which function: default routes, and interfaces with addresses. */
import type { HostFiles } from './host-files.js';
import { chainText, functionsOn, type Chain, type PlacedUse } from './placed-use.js';

/** More than anybody builds on each other; ends what would go round. */
const DEEPEST = 16;

/** Interfaces and what they stand on: bridges, bonds, teams, VLANs, virtual switches. */
export class InterfaceStack {
  readonly #files: HostFiles;

  constructor(files: HostFiles) {
    this.#files = files;
  }

  /** Every way from an interface down to the functions that it sends by; none for tunnels and the loop. */
  chains(name: string, depth = 0): readonly Chain[] {
    if (depth > DEEPEST) return [];
    const path = this.#files.real('sys', `class/net/${name}`);
    if (path === undefined) return [];
    const functions = functionsOn(this.#files, path);
    if (functions.size > 0) return [{ names: [name], functions }];
    return this.#below(name)
      .flatMap((lower) => this.chains(lower, depth + 1))
      .map((chain) => ({ names: [name, ...chain.names], functions: chain.functions }));
  }

  #below(name: string): readonly string[] {
    const entries = this.#files.names('sys', `class/net/${name}`);
    const lower = entries.flatMap((entry) => (entry.startsWith('lower_') ? [entry.slice(6)] : []));
    const ports = this.#files.names('sys', `class/net/${name}/brif`);
    const bonded = (this.#files.text('sys', `class/net/${name}/bonding/slaves`) ?? '').trim().split(' ');
    const found = [...new Set([...lower, ...ports, ...bonded.filter((slave) => slave !== '')])];
    if (found.length > 0 || name === 'lo' || name === SWITCH) return found;
    // The host's own port of Open vSwitch has no link to the others of its bridge: any of them may be its way out.
    const isOwn = this.#files.has('sys', `class/net/${SWITCH}`) && !entries.includes('tun_flags');
    return isOwn ? [SWITCH] : [];
  }
}

/** What Open vSwitch calls the interface that all its ports are below of. */
const SWITCH = 'ovs-system';

export function networkUses(files: HostFiles): readonly PlacedUse[] {
  const stack = new InterfaceStack(files);
  const uses: PlacedUse[] = [];
  const routed = new Set<string>();
  for (const { name, family } of defaultRoutes(files)) {
    routed.add(name);
    for (const chain of stack.chains(name))
      uses.push({
        use: { kind: 'default-route', via: chainText(chain), family },
        functions: chain.functions,
      });
  }
  for (const [name, all] of files.roots.addresses()) {
    const addresses = all.filter(isReachable);
    if (routed.has(name) || addresses.length === 0) continue;
    for (const chain of stack.chains(name))
      uses.push({
        use: { kind: 'network', via: chainText(chain), addresses },
        functions: chain.functions,
      });
  }
  return uses;
}

/** Every interface has an address of its link, whether anybody uses it or not. */
function isReachable(address: string): boolean {
  return !/^fe[89ab][0-9a-f]:/i.test(address);
}

interface DefaultRoute {
  readonly name: string;
  readonly family: 'inet' | 'inet6';
}

const UP = 0x0001;
const REJECT = 0x0200;

/** Of the main table, each interface once in a family. */
function defaultRoutes(files: HostFiles): readonly DefaultRoute[] {
  const found = new Map<string, DefaultRoute>();
  const add = (route: DefaultRoute, flags: string | undefined) => {
    const bits = Number.parseInt(flags ?? '0', 16);
    if ((bits & UP) !== 0 && (bits & REJECT) === 0) found.set(`${route.family} ${route.name}`, route);
  };
  for (const line of files.lines('proc', 'net/route').slice(1)) {
    const [name = '', destination, , flags, , , , mask] = line.split(/\s+/);
    if (destination === '00000000' && mask === '00000000') add({ name, family: 'inet' }, flags);
  }
  for (const line of files.lines('proc', 'net/ipv6_route')) {
    const [destination, length, , , , , , , flags, name = ''] = line.trim().split(/\s+/);
    if (destination === '0'.repeat(32) && length === '00' && name !== 'lo')
      add({ name, family: 'inet6' }, flags);
  }
  return [...found.values()];
}
