/** A guest's xl.cfg, as a command is given it: the file is read here, so that the owner opens none. */
import { configuredFunctions, XlConfig } from '../boot/index.js';
import { readGivenFile } from '../durable/index.js';
import { notations, OpenslotError } from '../pci/index.js';

/** A guest's configuration cannot be read. */
export class ConfigUnreadableError extends OpenslotError {
  readonly code = 'XL_CONFIG_UNREADABLE';
  constructor(file: string, errno: string, options?: ErrorOptions) {
    super(
      `${file} cannot be read: ${errno}`,
      { file, errno },
      'openslot attach --config FILE GUEST',
      options,
    );
  }
}

/** A guest's configuration does not say what is to be attached, or to whom. */
export class ConfigIncompleteError extends OpenslotError {
  readonly code = 'XL_CONFIG_INCOMPLETE';
  constructor(file: string, lacking: 'name' | 'pci') {
    super(
      lacking === 'name' ? `${file} does not say the name of its guest` : `${file} lists no PCI function`,
      { file, lacking },
      lacking === 'name' ? 'openslot attach --config FILE GUEST' : `add  pci = [ 'BB:DD.F' ]  to it`,
    );
  }
}

/** @throws {ConfigUnreadableError | ConfigIncompleteError | XlConfigError} */
export function readGuestConfig(
  file: string,
  needsName: boolean,
): { readonly name: string | undefined; readonly specs: readonly string[] } {
  const { name, specs } = configuredFunctions(XlConfig.parse(read(file), file));
  if (needsName && name === undefined) throw new ConfigIncompleteError(file, 'name');
  if (specs.length === 0) throw new ConfigIncompleteError(file, 'pci');
  return { name, specs: specs.map((spec) => notations.xlSpec.format(spec)) };
}

function read(file: string): string {
  try {
    return readGivenFile(file, 'utf8');
  } catch (cause) {
    throw new ConfigUnreadableError(file, (cause as NodeJS.ErrnoException).code ?? String(cause), { cause });
  }
}
