/** Functions hidden in a boot.cfg: on the kernel of domain 0, in every menu entry that boots Xen. */
import { lineAndColumn, type ByteText, type TextEdit } from '../boot-file.js';
import { BootFileUneditableError } from '../errors.js';
import type { HideEditor } from '../hide-editor.js';
import { addToHideList, hidesInArguments, removeFromHideList } from '../hide-list-edit.js';
import { patternMatches } from '../hide-pattern.js';
import { multibootEntries, readBootConfig, type LoadedModule } from './boot-config.js';
import { isKernelFile, MODULE_TEXT, netbsdBootConfig } from './boot-config-lint.js';

/** The first load of each entry that boots Xen; a `load=` line is the first of them all. @throws {BootFileUneditableError} */
function kernels(text: ByteText): readonly LoadedModule[] {
  const refuse = (why: string, offset?: number): never => {
    const line = offset === undefined ? undefined : lineAndColumn(text, offset).line;
    throw new BootFileUneditableError(netbsdBootConfig.name, why, line);
  };
  const entries = multibootEntries(readBootConfig(text));
  if (entries.length === 0) return refuse('no menu entry boots Xen: none has the command multiboot');
  const found = new Map<number, LoadedModule>();
  for (const { multiboot, modules } of entries) {
    const [kernel] = modules;
    if (kernel === undefined)
      return refuse('Xen is booted without a load before it, which would be the kernel', multiboot.offset);
    if (!isKernelFile(kernel.file))
      return refuse(`the first load, ${kernel.file}, is no kernel but a module`, kernel.offset);
    found.set(kernel.offset, kernel);
  }
  return [...found.values()];
}

/** The arguments with the blanks before them: an option needs one. */
function argumentsOf({ text, file, offset }: LoadedModule): {
  readonly args: ByteText;
  readonly start: number;
} {
  return { args: text.slice(file.length), start: offset + file.length };
}

function moved(edits: readonly TextEdit[], by: number): readonly TextEdit[] {
  return edits.map((edit) => ({ ...edit, offset: edit.offset + by }));
}

export const netbsdHide: HideEditor = {
  kind: netbsdBootConfig,
  hides: (text, { address }) =>
    kernels(text).every(({ text: all, file }) =>
      hidesInArguments('netbsd', all.slice(file.length, MODULE_TEXT)).some((claim) =>
        patternMatches(claim, address),
      ),
    ),
  hide: (text, functions) =>
    kernels(text).flatMap((kernel) => {
      const { args, start } = argumentsOf(kernel);
      const addresses = functions.map(({ address }) => address);
      return moved(addToHideList('netbsd', args, addresses, ' '), start);
    }),
  unhide: (text, functions) =>
    kernels(text).flatMap((kernel) => {
      const { args, start } = argumentsOf(kernel);
      const addresses = functions.map(({ address }) => address);
      // It has no wildcards.
      return moved(removeFromHideList('netbsd', args, addresses) ?? [], start);
    }),
};
