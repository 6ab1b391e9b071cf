/** What of the host's network goes through which function: default routes, and interfaces with addresses. */
import type { HostFiles } from './host-files.js';
import type { InterfaceStack } from './interface-stack.js';
import { chainText, type PlacedUse } from './placed-use.js';

export function networkUses(files: HostFiles, stack: InterfaceStack): readonly PlacedUse[] {
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
