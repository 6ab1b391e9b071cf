/** The systems that functions are hidden for: the files that do it, and what makes them count. */
import {
  bootFileKind,
  netbsdHide,
  pptHide,
  protoHide,
  vfioGrubHide,
  vfioModprobeHide,
  xenGrubHide,
  xenModprobeHide,
  type HideEditor,
} from '../../boot/index.js';
import { HideFileKindError } from './errors.js';
import type { FreebsdKeeper, HideSystem } from './hide-system.js';

/** One way to hide, by a file of one kind. */
export interface HideWay {
  readonly editor: HideEditor;
  /** Where the file is, where nobody says it. */
  readonly file: string;
  /** A new one is made where there is none. */
  readonly isMade: boolean;
  /** It names kinds of functions, not functions. */
  readonly byKind: boolean;
  /** Commands that make it count, in order. */
  readonly afterwards: readonly string[];
}

const REBOOT = 'reboot';
const GRUB = ['update-grub; or: grub2-mkconfig -o /boot/grub2/grub.cfg', REBOOT];
const INITRAMFS = ['update-initramfs -u; or: dracut -f', REBOOT];

const way = (editor: HideEditor, file: string, more: Partial<HideWay> = {}): HideWay => ({
  editor,
  file,
  isMade: false,
  byKind: false,
  afterwards: [REBOOT],
  ...more,
});

const ppt = way(pptHide, '/boot/loader.conf', { isMade: true });

/** The first is what is done where no file is named. Functions for vfio are named in files of driverctl then. */
const WAYS: Readonly<Record<HideSystem, readonly HideWay[]>> = {
  netbsd: [way(netbsdHide, '/boot.cfg')],
  xen: [
    way(xenGrubHide, '/etc/default/grub', { afterwards: GRUB }),
    way(xenModprobeHide, '/etc/modprobe.d/xen-pciback.conf', { isMade: true, afterwards: INITRAMFS }),
  ],
  vfio: [
    way(vfioGrubHide, '/etc/default/grub', { byKind: true, afterwards: GRUB }),
    way(vfioModprobeHide, '/etc/modprobe.d/vfio-pci.conf', {
      isMade: true,
      byKind: true,
      afterwards: INITRAMFS,
    }),
  ],
  freebsd: [way(protoHide, '/boot/loader.conf', { isMade: true })],
};

/**
 * By the kind of the file. A file whose name says nothing is of the only kind that a system has, and is refused where it has
 * several: what is written for one reader damages the file of another.
 * @throws {HideFileKindError}
 */
export function hideWay(system: HideSystem, file: string | undefined, keeper: FreebsdKeeper): HideWay {
  const ways = system === 'freebsd' && keeper === 'ppt' ? [ppt] : WAYS[system];
  const [first] = ways;
  const kind = file === undefined ? undefined : bootFileKind(file);
  const isSaid = file === undefined || (kind === undefined && ways.length === 1);
  const found = isSaid ? first : ways.find(({ editor }) => editor.kind === kind);
  if (found === undefined)
    throw new HideFileKindError(
      system,
      file ?? '',
      kind?.name,
      ways.map((one) => one.file),
    );
  return found;
}
