/** `node store-program.js NAME=SOCKET… [--rounds N] [--operations N]`: the load on these servers, its samples as JSON. */
import { parseArgs } from 'node:util';
import { runCommand } from '../lab/command.js';
import { measureLoads } from './store-load.js';

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '15' },
      operations: { type: 'string', default: '2000' },
    },
  });
  const servers = Object.fromEntries(
    positionals.map((one) => {
      const [name = '', path = ''] = one.split('=');
      return [name, path] as const;
    }),
  );
  console.log(JSON.stringify(await measureLoads(servers, Number(values.rounds), Number(values.operations))));
  return 0;
});
