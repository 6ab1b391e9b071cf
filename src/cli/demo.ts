/** `openslot demo`: the whole job on a simulated machine, each step checked. */
import type { Command } from 'commander';

interface DemoChoice {
  keep?: boolean;
  fault?: boolean;
}

export function define(command: Command): void {
  command
    .option('--keep', 'leave the machine running, for other terminals and for xenstore-ls')
    .option('--fault', 'let the device compute a wrong factorial: the demo must fail')
    .addHelpText(
      'after',
      `
Needs no hardware, no Xen and no root. A function of a simulated machine is claimed, given to a running guest, driven by
it (registers, an interrupt, DMA), kept from doing what it must not, and taken back.

Examples:
  openslot demo
  openslot demo --keep                        then, elsewhere: openslot list --on sim
  openslot demo --fault; echo "exit code $?"`,
    )
    .action(demo);
}

const nextSteps = (command: string) => `
How to go on
  ${command} demo --keep     the same machine, left running for your own commands and guest programs
  ${command} list            the functions of this host
  ${command} serve           on a Xen host, in domain 0: the same for real guests (README: On your Xen host)`;

async function demo({ keep = false, fault = false }: DemoChoice): Promise<void> {
  const { demonstrate } = await import('../demo/index.js');
  const print = (line: string) => {
    process.stdout.write(`${line}\n`);
  };
  if (!keep) {
    const { failed, host } = await demonstrate({ print, factorialFault: fault });
    await host[Symbol.asyncDispose]();
    if (failed > 0) process.exitCode = 1;
    else print(nextSteps((await import('./own-embedded.js')).COMMAND));
    return;
  }
  const [
    { machineFiles, OwnerSocket },
    { ownEmbedded, wayIn },
    { describeHostEvent },
    { untilTold },
    { nameFolder },
  ] = await Promise.all([
    import('../owner/index.js'),
    import('./own-embedded.js'),
    import('../admin/index.js'),
    import('./until-told.js'),
    import('./function-names.js'),
  ]);
  await using owner = await OwnerSocket.bind('sim', machineFiles('sim').socket);
  const told = untilTold();
  let telling = false;
  const { failed, host } = await demonstrate({
    print,
    factorialFault: fault,
    stay: true,
    names: nameFolder({ on: 'sim' }),
    onEvent: (event) => {
      if (telling) print(describeHostEvent(event));
    },
  });
  await using _host = host;
  if (failed > 0) {
    process.exitCode = 1;
    return;
  }
  using _answers = await ownEmbedded(host, owner);
  print(
    `\n${wayIn('demo', host.pool.list()[0]?.address).join('\n')}\nCtrl-C ends it. What happens is told here.`,
  );
  telling = true;
  print(`stopping: ${await told}`);
  telling = false;
}
