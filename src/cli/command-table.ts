/** Which commands there are, in the order in which somebody meets them, and what each takes. */
import type { Command } from 'commander';

/** As commander has it: `<needed>`, `[may be left out]`, `...` for several. */
interface Argument {
  readonly form: string;
  readonly description: string;
}

const ADDRESS: Argument = {
  form: '<address>',
  description: 'the function, hexadecimal: [DDDD:]BB:DD.F, or its name',
};
const ADDRESSES: Argument = {
  form: '<address...>',
  description: `${ADDRESS.description}; several as one change`,
};
const ONLY_ADDRESS: Argument = { form: '[address]', description: `only ${ADDRESS.description}` };
const GUEST: Argument = { form: '<guest>', description: 'the guest, by name or domain id' };
const TEXT: Argument = {
  form: '[text]',
  description: 'the list, or a command line with the option; standard input without it',
};
const SPECS: Argument = {
  form: '<spec...>',
  description:
    'functions as xl writes them: [DDDD:]BB:DD.F|*[@slot][,option=value], or by their names: NAME[@slot]…',
};

const REGISTERS: Argument = {
  form: '[register...]',
  description: 'REGISTER, REGISTER.FIELD, CAPABILITY, CAPABILITY.REGISTER.FIELD, or SPACE:OFFSET/WIDTH',
};
const ASSIGNMENTS: Argument = {
  form: '<register=value...>',
  description: 'what to write: REGISTER=VALUE, REGISTER.FIELD=VALUE, SPACE:OFFSET/WIDTH=VALUE',
};

/** A command's file is loaded only when the command is named: help and a wrong command line need none of them. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** What the command takes, in order. */
  readonly arguments?: readonly Argument[];
  readonly load: () => Promise<{ define(command: Command): void }>;
}

/** As help groups them. */
const COMMAND_TABLE: readonly { readonly heading: string; readonly commands: readonly CommandEntry[] }[] = [
  {
    heading: 'Look:',
    commands: [
      {
        name: 'demo',
        summary: 'see the whole job on a simulated machine, in a few seconds',
        load: () => import('./demo.js'),
      },
      {
        name: 'list',
        summary: 'list the functions of a machine, their drivers and their state in the pool',
        load: () => import('./list.js'),
      },
      {
        name: 'show',
        summary: "show a function's regions, reset methods and registers by name, or what lspci prints",
        arguments: [{ ...ADDRESS, form: '[address...]' }],
        load: () => import('./show.js'),
      },
      {
        name: 'tree',
        summary: 'draw how functions hang together: bridges, links, drivers, groups, who has what',
        load: () => import('./tree.js'),
      },
      {
        name: 'explain',
        summary: 'tell why a link is slow, a BAR does not answer, a reset cannot be had',
        arguments: [{ ...ADDRESS, form: '[address]' }],
        load: () => import('./explain.js'),
      },
      {
        name: 'diff',
        summary: 'tell what is different between two captures, two machines, or then and now',
        arguments: [
          { form: '<before>', description: 'a capture, a dump, or a machine as --on takes it' },
          { form: '[after]', description: 'the same; the machine of --on as it is now where absent' },
        ],
        load: () => import('./diff.js'),
      },
      {
        name: 'capture',
        summary: 'save a machine as it is now, or some of its functions, to be looked at later',
        arguments: [
          { form: '<file>', description: 'where to: a file, or - for standard output' },
          { form: '[address...]', description: `only ${ADDRESS.description}` },
        ],
        load: () => import('./capture.js'),
      },
      {
        name: 'pcictl',
        summary: "list, dump, read and write configuration space as NetBSD's pcictl does",
        arguments: [
          { form: '<bus>', description: 'bus node: pci0 is bus 0, decimal' },
          { form: '<command>', description: 'list, dump, read REGISTER, or write REGISTER VALUE' },
          { form: '[number...]', description: 'the register, and the value to write' },
        ],
        load: () => import('./pcictl.js'),
      },
      {
        name: 'address',
        summary: 'write an address in every notation',
        arguments: [{ form: '<text...>', description: 'an address, in any notation that --from names' }],
        load: () => import('./address.js'),
      },
      {
        name: 'ids',
        summary: 'tell which pci.ids names are from, or take a newer one',
        load: () => import('./ids.js'),
      },
      {
        name: 'schema',
        summary: 'print the JSON Schema of what a command prints or writes',
        arguments: [{ form: '[name]', description: 'what it is the schema of: show, capture, apply' }],
        load: () => import('./schema.js'),
      },
    ],
  },
  {
    heading: 'Hand over:',
    commands: [
      {
        name: 'doctor',
        summary: 'tell what stands between this host and handing functions over, from firmware to Xen',
        arguments: [{ ...ADDRESS, form: '[address]' }],
        load: () => import('./doctor.js'),
      },
      {
        name: 'name',
        summary: 'name functions: a name stays with its device, and is checked at every use',
        arguments: [
          { ...ADDRESS, form: '[address]' },
          { form: '[name]', description: 'the name that the device is given' },
        ],
        load: () => import('./name.js'),
      },
      {
        name: 'claim',
        summary: 'take functions from their host drivers into the pool',
        arguments: [ADDRESSES],
        load: () => import('./claim.js'),
      },
      {
        name: 'release',
        summary: 'give free functions of the pool back to the drivers they had',
        arguments: [ADDRESSES],
        load: () => import('./release.js'),
      },
      {
        name: 'adopt',
        summary: 'take over what xl, driverctl or vfio-pci hold, as it stands, or leave it to them again',
        load: () => import('./adopt.js'),
      },
      {
        name: 'recover',
        summary: 'take back, or finish, what a killed command has left half done',
        load: () => import('./recover.js'),
      },
      {
        name: 'apply',
        summary: 'make a host as a file wants it: functions named, claimed, given to guests',
        arguments: [{ form: '<file>', description: 'what is wanted, YAML: openslot schema apply' }],
        load: () => import('./apply.js'),
      },
      {
        name: 'pool',
        summary: 'list the claimed functions and who has them, or as the files of NetBSD',
        arguments: [ONLY_ADDRESS],
        load: () => import('./pool.js'),
      },
      {
        name: 'attach',
        summary: 'give functions of the pool to a guest, while it runs or before it is started',
        arguments: [
          {
            ...GUEST,
            form: '[guest]',
            description: `${GUEST.description}; or qmp:SOCKET, xl:FILE, libvirt:FILE`,
          },
          { ...SPECS, form: '[spec...]' },
        ],
        load: () => import('./attach.js'),
      },
      {
        name: 'detach',
        summary: 'take functions back from a guest into the pool',
        arguments: [
          { ...GUEST, description: `${GUEST.description}; or qmp:SOCKET, xl:FILE, libvirt:FILE` },
          SPECS,
        ],
        load: () => import('./detach.js'),
      },
      {
        name: 'qemu-arguments',
        summary: 'print what QEMU takes on its command line to have functions from its start on',
        arguments: [{ ...ADDRESS, form: '<address...>' }],
        load: () => import('./qemu-arguments.js'),
      },
      {
        name: 'policy',
        summary: 'what guests may write in configuration space: learn it from a trace, keep it for a device',
        load: () => import('./policy.js'),
      },
      {
        name: 'trace',
        summary: "show a guest's accesses to configuration space by name, refused writes first",
        arguments: [GUEST],
        load: () => import('./trace.js'),
      },
      {
        name: 'serve',
        summary: 'own the machine and be the PCI back end of its Xen guests',
        load: () => import('./serve.js'),
      },
      {
        name: 'guest',
        summary: 'run programs as guests of the simulated machine',
        load: () => import('./guest.js'),
      },
    ],
  },
  {
    heading: 'At boot:',
    commands: [
      {
        name: 'hide',
        summary:
          "keep functions from the host's drivers from its next boot on, by the files that the boot reads",
        arguments: [ADDRESSES],
        load: () => import('./hide.js'),
      },
      {
        name: 'unhide',
        summary: "leave functions to the host's drivers again, from its next boot on",
        arguments: [ADDRESSES],
        load: () => import('./unhide.js'),
      },
      {
        name: 'lint',
        summary: 'tell what the real reader of a boot file, or of a guest, would do with a file',
        arguments: [{ form: '<file>', description: 'the file, or - for standard input' }],
        load: () => import('./lint.js'),
      },
      {
        name: 'hide-list',
        summary: 'check the list of a boot option that hides functions, of NetBSD or Linux, and convert it',
        arguments: [TEXT],
        load: () => import('./hide-list.js'),
      },
    ],
  },
  {
    heading: 'Drive:',
    commands: [
      {
        name: 'get',
        summary: 'read registers, by the names of a map or by number',
        arguments: [ADDRESS, REGISTERS],
        load: () => import('./get.js'),
      },
      {
        name: 'set',
        summary: 'write registers or fields of them, and show them before and after',
        arguments: [ADDRESS, ASSIGNMENTS],
        load: () => import('./set.js'),
      },
      {
        name: 'undo',
        summary: 'give registers of configuration space back what they held before they were set',
        arguments: [ONLY_ADDRESS],
        load: () => import('./undo.js'),
      },
      {
        name: 'watch',
        summary: 'show registers as they change, until one has a value',
        arguments: [ADDRESS, REGISTERS],
        load: () => import('./watch.js'),
      },
      {
        name: 'repl',
        summary: 'drive a function by hand: registers by name in JavaScript',
        arguments: [ADDRESS],
        load: () => import('./repl.js'),
      },
      {
        name: 'proto',
        summary: 'functions as files, for programs that drive them: proto(4) for this host',
        load: () => import('./proto.js'),
      },
    ],
  },
];

/** The commands of `program`, each under its heading; those that `isNeeded` have their options as well. */
export async function addCommands(program: Command, isNeeded: (name: string) => boolean): Promise<void> {
  for (const { heading, commands } of COMMAND_TABLE) {
    for (const { name, summary, arguments: taken = [], load } of commands) {
      const command = program.command(name).description(summary).helpGroup(heading).exitOverride();
      command.showHelpAfterError(`next  openslot ${name} --help`);
      for (const { form, description } of taken) command.argument(form, description);
      if (isNeeded(name)) (await load()).define(command);
    }
  }
}
