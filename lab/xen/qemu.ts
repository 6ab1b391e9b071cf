/** QEMU's command line for the machine with Xen. */
import { join } from 'node:path';
import { repository } from '../cache.js';
import type { LabRoot } from '../root.js';
import type { Disk } from '../disk.js';
import type { Images } from './images.js';

export interface MachineOptions {
  readonly root: LabRoot;
  readonly images: Images;
  /** A fresh folder of the run, the only one that dom0 can write to; it sees it as /lab. */
  readonly work: string;
  /** Words for dom0's kernel command line, which /init and the scripts read. */
  readonly words: readonly string[];
  /** NVMe disks, at 00:08.0 and on. */
  readonly disks: readonly Disk[];
  /** With two, domain 0 has the first for itself, and time is the wall clock's. */
  readonly processors: 1 | 2;
  /** The console is this terminal, and time is the wall clock's. */
  readonly interactive: boolean;
}

/**
 * Time that counts instructions (2 ns each): the guest sees the same delays however busy the host is, and pcifront
 * gives up on a reply after 2 s. Only idle time follows the wall clock: were it skipped (sleep=off), every wait for a
 * file that the host shares would leap to the next timer, and seconds could pass in the middle of an operation.
 */
const deterministic = ['-accel', 'tcg,thread=single', '-icount', 'shift=1,sleep=on', '-rtc', 'clock=vm'];
const wallClock = ['-accel', 'tcg,thread=multi'];

/**
 * Without sched_ratelimit_us=0 a domain that was woken waits until the other has run for 1 ms: with one CPU for both
 * ends, every operation of pcifront would take that long, whoever answers it.
 */
const hypervisorWords =
  'console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M dom0_max_vcpus=1 loglvl=info guest_loglvl=info ' +
  'spec-ctrl=no xpti=off pv-l1tf=off bootscrub=0 sched_ratelimit_us=0';

/**
 * Without random.trust_cpu the tool stack can wait for entropy that never comes. Without tsc=reliable a busy host makes
 * the kernel distrust that counter, and every look at the clock becomes a system call.
 */
const kernelWords =
  'console=hvc0 mitigations=off net.ifnames=0 random.trust_cpu=on tsc=reliable cryptomgr.notests';

export function commandLine(options: MachineOptions): string[] {
  const { root, images, processors } = options;
  const shares: [tag: string, folder: string, readOnly: boolean][] = [
    ['root', root.path('usr'), true],
    ['images', images.folder, true],
    ['openslot', repository, true],
    ['lab', options.work, false],
  ];
  return [
    ...(options.interactive || processors > 1 ? wallClock : deterministic),
    ...['-L', root.path('usr/share/qemu'), '-L', root.path('usr/share/seabios')],
    ...['-machine', 'q35', '-cpu', 'qemu64,+rdrand,+rdseed', '-m', '2048', '-smp', String(processors)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-chardev', `stdio,id=console,signal=off,logfile=${join(options.work, 'console.log')}`],
    ...['-serial', 'chardev:console'],
    ...[
      '-kernel',
      images.hypervisor,
      '-append',
      processors > 1 ? `${hypervisorWords} dom0_vcpus_pin` : hypervisorWords,
    ],
    // Multiboot modules are separated by commas, so no word may have one.
    ...['-initrd', `${images.kernel} ${[kernelWords, ...options.words].join(' ')},${images.dom0}`],
    // libxl refuses to pass a device through without an IOMMU.
    ...['-device', 'intel-iommu,intremap=on'],
    ...['-device', 'edu,addr=5,dma_mask=0xffffffff', '-device', 'pci-testdev,addr=6'],
    // One function for each kind of interrupt: MSI-X, MSI alone, and the pin alone, on a line that it shares with none
    // of the others: libxl takes a line from a guest with the first function of it that leaves.
    ...['-device', 'e1000e,addr=7,netdev=net,romfile=', '-netdev', 'user,id=net,restrict=on'],
    // libxl cuts a function's DMA before it asks the guest to let go: a disk with a cache would be written back to nobody.
    ...['-device', 'ahci,id=sata,addr=a', '-device', 'ide-hd,bus=sata.0,drive=sata,write-cache=off'],
    ...['-drive', `if=none,id=sata,format=raw,snapshot=on,file=${images.sataDisk.path}`],
    ...['-device', 'e1000,addr=d,netdev=net2,romfile='],
    ...['-netdev', 'user,id=net2,restrict=on,net=10.0.3.0/24'],
    ...options.disks.flatMap((disk, index) => [
      ...['-drive', `if=none,id=disk${index},format=raw,snapshot=on,file=${disk.path}`],
      ...['-device', `nvme,addr=${8 + index},serial=lab${index},drive=disk${index}`],
    ]),
    ...shares.flatMap(([tag, folder, readOnly], index) => [
      '-fsdev',
      `local,id=${tag},path=${folder},security_model=none,multidevs=remap${readOnly ? ',readonly=on' : ''}`,
      ...['-device', `virtio-9p-pci,addr=${16 + index},fsdev=${tag},mount_tag=${tag}`],
    ]),
  ];
}
