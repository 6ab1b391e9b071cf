/** `openslot proto mount`: owns a machine and serves its free functions as device files, until it is told to end. */
import { openMachine } from '../machines/index.js';
import { machineFiles, OwnerSocket } from '../owner/index.js';
import type { PciAddress } from '../pci/index.js';
import { MountedFiles } from '../proto/index.js';
import type { MachineChoice } from './machine-option.js';
import { serveLog } from './serve-log.js';
import { untilTold } from './until-told.js';

export async function mountFiles(
  directory: string,
  only: readonly PciAddress[],
  { on, allowOther = false, json = false }: MachineChoice & { allowOther?: boolean; json?: boolean },
): Promise<void> {
  const log = serveLog(json);
  const told = untilTold();
  using machine = await openMachine(on === undefined || on === '' ? 'linux' : on);
  await using _owner = await OwnerSocket.bind(machine.name, machineFiles(machine.name).socket);
  using mounted = new MountedFiles({
    machine,
    directory,
    ...(only.length === 0 ? {} : { only }),
    allowOther,
    onFault: (error) => {
      log(String(error), { event: 'fault' });
    },
  });
  const folders = mounted.functions.list();
  log(`ready: ${folders.length} functions at ${directory}`, { event: 'ready', directory });
  const why = await Promise.race([told, mounted.ended.then(() => 'it was unmounted')]);
  log(`stopping: ${why}`, { event: 'stopping', why });
}
