/** NetBSD's boot loader and Xen as netbsd-facts describe them, written anew: character by character, into buffers of fixed size. */

export interface BootedKernel {
  /** What domain 0's kernel finds behind its own name. */
  readonly arguments: string;
}

/** A command went over the end of the loader's buffer: whatever happens then, nobody knows. */
export const OVERRUN = 'stack overrun';

/** What choosing each entry of the menu does; undefined where it does not boot Xen with a kernel. */
export function modelLoader(file: string): (BootedKernel | typeof OVERRUN | undefined)[] {
  if (file.length > 32768) return [];
  const queue: string[] = [];
  const menus: string[] = [];
  let line = '';
  const endLine = () => {
    const key = line.split('=', 1)[0] ?? '';
    if (line.includes('=')) {
      const value = line.slice(key.length + 1);
      if (key.startsWith('menu')) menus.push(value);
      else if (!/^(banner|timeout|default|consdev)/.test(key) && key.startsWith('load')) queue.push(value);
    }
    line = '';
  };
  let comment = false;
  for (const character of file) {
    if (character === '\0') break;
    if (character === '\n') {
      endLine();
      comment = false;
    } else if (character === '#') comment = true;
    else if (!comment) line += character;
  }
  endLine();
  return menus
    .slice(0, 20)
    .filter((menu) => menu.includes(':'))
    .map((menu) => choose(menu.slice(menu.indexOf(':') + 1), queue));
}

function choose(commands: string, queue: readonly string[]): BootedKernel | typeof OVERRUN | undefined {
  const modules = queue.map((text) => text.replace(/^[ \t]+/, ''));
  for (const piece of commands.split(';')) {
    const copied = piece.replace(/^ +/, '');
    if (copied.length > 79) return OVERRUN;
    const text = copied.replace(/ +$/, '');
    const cut = text.search(/[ \t]/);
    const word = cut === -1 ? text : text.slice(0, cut);
    const rest = cut === -1 ? '' : text.slice(cut).replace(/^[ \t]+/, '');
    if (word === 'load') modules.push(rest);
    if (word !== 'multiboot') continue;
    const [kernel] = modules;
    if (kernel === undefined) return undefined;
    const told = kernel.slice(0, 79);
    const space = told.search(/[ \t]/);
    return { arguments: space === -1 ? '' : told.slice(space + 1) };
  }
  return undefined;
}

/** The value of the last `pciback.hide=` of a kernel's command line. */
export function modelHideOption(args: string): string {
  let value = '';
  for (const word of args.slice(0, 255).split(' '))
    if (word.toLowerCase().startsWith('pciback.hide=')) value = word.slice('pciback.hide='.length);
  return value;
}
