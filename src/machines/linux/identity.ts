/** What a function is, as the kernel knows it: the lines of its `uevent`, one file for what it shows in six others, too. */

/** Numbers that the kernel has of a function; those of a virtual function are not in its configuration space. */
export interface Identity {
  readonly vendor: number;
  readonly device: number;
  readonly subsystemVendor: number | undefined;
  readonly subsystemDevice: number | undefined;
  /** 24 bits. */
  readonly classCode: number;
  readonly driver: string | undefined;
}

/** `NAME=VALUE` a line; ids are hexadecimal (Linux, pci_uevent). What is missing or malformed is as of a function that is gone. */
export function parseIdentity(uevent: string): Identity {
  const lines = new Map<string, string>();
  for (const line of uevent.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) lines.set(line.slice(0, at), line.slice(at + 1));
  }
  const [vendor, device] = pair(lines.get('PCI_ID'));
  const [subsystemVendor, subsystemDevice] = pair(lines.get('PCI_SUBSYS_ID'));
  return {
    vendor: vendor ?? 0xffff,
    device: device ?? 0xffff,
    subsystemVendor,
    subsystemDevice,
    classCode: hexadecimal(lines.get('PCI_CLASS'), 6) ?? 0,
    driver: lines.get('DRIVER'),
  };
}

function pair(text = ''): readonly (number | undefined)[] {
  const both = text.split(':').map((half) => hexadecimal(half, 4));
  return both.length === 2 ? both : [];
}

function hexadecimal(text = '', digits: number): number | undefined {
  return /^[0-9a-f]+$/i.test(text) && text.length <= digits ? parseInt(text, 16) : undefined;
}
