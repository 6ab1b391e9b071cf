/** Network interfaces and what they stand on: bridges, bonds, teams, VLANs, virtual switches. */
import type { HostFiles } from './host-files.js';
import { functionsOn, type Chain } from './placed-use.js';

/** What Open vSwitch calls the interface that all its ports are below of. */
const SWITCH = 'ovs-system';

/** More than anybody builds on each other; ends what would go round. */
const DEEPEST = 16;

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
