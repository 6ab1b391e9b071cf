/** QEMU's command line for the machine with VFIO: an emulated IOMMU, and devices that nobody else needs. */
import type { LabRoot } from '../root.js';
import { join } from 'node:path';
import type { Images } from './images.js';

export interface MachineOptions {
  readonly root: LabRoot;
  readonly images: Images;
  /** A fresh folder of the run, which the machine can write to; it sees it as /lab. */
  readonly work: string;
  /** Words for the kernel's command line, which /init reads. */
  readonly words: readonly string[];
}

/** On a busy host the timer of an emulated machine can be late for the kernel's test of it, which then gives up. */
const kernelWords =
  'console=ttyS0 quiet panic=-1 no_timer_check intel_iommu=on mitigations=off random.trust_cpu=on cryptomgr.notests';

export function commandLine({ root, images, work, words }: MachineOptions): string[] {
  return [
    ...[
      '-accel',
      'tcg,thread=single',
      '-L',
      root.path('usr/share/qemu'),
      '-L',
      root.path('usr/share/seabios'),
    ],
    ...['-machine', 'q35', '-cpu', 'qemu64,+rdrand', '-m', '1024', '-smp', '1'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-chardev', `stdio,id=console,signal=off,logfile=${join(work, 'console.log')}`],
    ...['-serial', 'chardev:console'],
    ...['-kernel', images.kernel, '-initrd', images.initramfs],
    ...['-append', [kernelWords, ...words].join(' ')],
    ...['-device', 'intel-iommu,intremap=on'],
    // Their addresses are those of test/vfio-lab/machine.ts. The first edu has 28 address lines, as it is made.
    ...['-device', 'edu,addr=4', '-device', 'pci-testdev,addr=5', '-device', 'edu,addr=6'],
    ...['-device', 'pcnet,addr=7,netdev=net0,romfile=', '-netdev', 'user,id=net0'],
    // Each behind a port of its own has a group of its own.
    ...[
      '-device',
      'pcie-root-port,id=port1,chassis=1,addr=8',
      '-device',
      'pcie-root-port,id=port2,chassis=2,addr=9',
    ],
    ...['-drive', `if=none,id=disk,format=raw,snapshot=on,file=${images.disk.path}`],
    ...['-device', 'nvme,bus=port1,serial=lab,drive=disk'],
    ...['-device', 'e1000e,bus=port2,netdev=net1,romfile=', '-netdev', 'user,id=net1'],
    // A bridge to conventional PCI puts its own id on what it passes up: those behind it are one group.
    ...['-device', 'pcie-pci-bridge,id=bridge,addr=a'],
    ...['-device', 'edu,bus=bridge,addr=1', '-device', 'e1000,bus=bridge,addr=2,romfile='],
    // What its registers see: test/vfio-lab/accesses.lab.ts reads it through the shared folder.
    ...['-D', join(work, 'trace.log'), '-trace', 'pci_nvme_mmio_*'],
    ...['-fsdev', `local,id=lab,path=${work},security_model=none,multidevs=remap`],
    ...['-device', 'virtio-9p-pci,addr=10,fsdev=lab,mount_tag=lab'],
    // For the QEMU inside, which is this one.
    ...['-fsdev', `local,id=tree,path=${root.path('usr')},security_model=none,multidevs=remap,readonly=on`],
    ...['-device', 'virtio-9p-pci,addr=11,fsdev=tree,mount_tag=tree'],
  ];
}
