/** What a host does with its functions, told by the files of made hosts, and of the host that runs this. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HostUse } from '../../../src/function/index.js';
import { HostUses } from '../../../src/machines/linux/host-uses/index.js';
import { LinuxMachine } from '../../../src/machines/linux/index.js';
import { notations } from '../../../src/pci/index.js';
import { checkProperty } from '../../kept-seeds.js';
import { MadeHost, mount } from './made-host.js';

const usesOf = (host: MadeHost, address: string): readonly HostUse[] =>
  new HostUses(host.roots).of(notations.hex.parse(address));

/** In one line each: enough to tell them apart. */
function texts(host: MadeHost, address: string): readonly string[] {
  return usesOf(host, address).map((use) => {
    switch (use.kind) {
      case 'mount':
        return `mount ${use.at}: ${use.via}`;
      case 'default-route':
        return `${use.family}: ${use.via}`;
      case 'network':
        return `network ${use.addresses.join(' ')}: ${use.via}`;
      case 'session':
        return `session ${use.who} ${use.from}: ${use.via}`;
      case 'open':
        return `open ${use.command} ${use.process}: ${use.via}`;
      default:
        return `${use.kind}: ${use.via}`;
    }
  });
}

const NVME0 = '0000:01:00.0';
const NVME1 = '0000:02:00.0';

/** Two NVMe disks below root ports, with two partitions each. */
function twoDisks(): MadeHost {
  const host = new MadeHost();
  for (const [index, port] of ['0000:00:1d.0', '0000:00:1d.1'].entries()) {
    host.fn(port, 'pcieport');
    const device = host.fn(`${port}/0000:0${index + 1}:00.0`, 'nvme');
    const disk = `${device}/nvme/nvme${index}/nvme${index}n1`;
    host.block(disk, `259:${index * 4}`);
    host.block(`${disk}/nvme${index}n1p1`, `259:${index * 4 + 1}`, { partition: true });
    host.block(`${disk}/nvme${index}n1p2`, `259:${index * 4 + 2}`, { partition: true });
  }
  return host;
}

describe('storage', () => {
  test('a volume on an array of two disks: either holds the root, the swap and what is only assembled', () => {
    using host = twoDisks();
    host
      .block('devices/virtual/block/md0', '9:0', { slaves: ['nvme0n1p2', 'nvme1n1p2'] })
      .block('devices/virtual/block/dm-0', '253:0', { slaves: ['md0'], mapping: 'vg-root' })
      .block('devices/virtual/block/dm-1', '253:1', { slaves: ['md0'], mapping: 'vg-swap' })
      .block('devices/virtual/block/dm-2', '253:2', { slaves: ['md0'], mapping: 'vg-spare' })
      .self(
        mount('253:0', '/', '/dev/mapper/vg-root') + mount('259:1', '/boot/efi', '/dev/nvme0n1p1', 'vfat'),
      )
      .file('proc', 'swaps', 'Filename\tType\tSize\tUsed\tPriority\n/dev/dm-1 partition 100 0 -2\n');
    assert.deepEqual(texts(host, NVME0), [
      'mount /: vg-root on md0 on nvme0n1p2',
      'mount /boot/efi: nvme0n1p1',
      'swap: vg-swap on md0 on nvme0n1p2',
      'assembled: vg-spare on md0 on nvme0n1p2',
    ]);
    assert.deepEqual(texts(host, NVME1), [
      'mount /: vg-root on md0 on nvme1n1p2',
      'swap: vg-swap on md0 on nvme1n1p2',
      'assembled: vg-spare on md0 on nvme1n1p2',
    ]);
    assert.deepEqual(texts(host, '0000:00:1d.1'), texts(host, NVME1), 'a bridge has what is behind it');
  });

  test('an encrypted mapping over bcache: the fast disk is no slave of it, and holds it all the same', () => {
    using host = twoDisks();
    const cache = 'fs/bcache/1b3c';
    const [fast, slow] = ['nvme0n1p2', 'nvme1n1p2'].map((name) =>
      realpathSync(join(host.roots.sys, 'class/block', name)).slice(realpathSync(host.roots.sys).length + 1),
    );
    host
      .block('devices/virtual/block/bcache0', '252:0', { slaves: ['nvme1n1p2'] })
      .file('sys', `${fast}/bcache/label`, '')
      .file('sys', `${slow}/bcache/label`, '')
      .file('sys', `${cache}/congested`, '0')
      .link('sys', `${slow}/bcache/cache`, cache)
      .link('sys', `${cache}/cache0`, `${fast}/bcache`)
      .link('sys', 'devices/virtual/block/bcache0/bcache', `${slow}/bcache`)
      .block('devices/virtual/block/dm-0', '253:0', { slaves: ['bcache0'], mapping: 'home_crypt' })
      .self(mount('253:0', '/home', '/dev/mapper/home_crypt'));
    assert.deepEqual(texts(host, NVME0), ['mount /home: home_crypt on bcache0 on nvme0n1p2']);
    assert.deepEqual(texts(host, NVME1), ['mount /home: home_crypt on bcache0 on nvme1n1p2']);
  });

  test('pools of ZFS: data sets, a volume that is swapped to, and a pool that is only imported', () => {
    using host = twoDisks();
    const member = (pool: string) => `E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=${pool}\n`;
    host
      .file('run', 'udev/data/b259:1', member('rpool'))
      .file('run', 'udev/data/b259:5', member('rpool'))
      .file('run', 'udev/data/b259:2', member('tank'))
      .file('run', 'udev/data/b259:6', member('other'))
      .block('devices/virtual/block/zd0', '230:0')
      .file('run', 'udev/data/b230:0', 'S:zvol/rpool/swap\n')
      .file('proc', 'spl/kstat/zfs/rpool/state', 'ONLINE\n')
      .file('proc', 'spl/kstat/zfs/tank/state', 'ONLINE\n')
      .file('proc', 'spl/kstat/zfs/arcstats', '')
      .self(mount('0:25', '/', 'rpool/ROOT/debian', 'zfs'))
      .file('proc', 'swaps', 'Filename Type\n/dev/zd0 partition 1 0 -2\n');
    assert.deepEqual(texts(host, NVME0), [
      'mount /: rpool/ROOT/debian on nvme0n1p1',
      'swap: zd0 on nvme0n1p1',
      'assembled: rpool on nvme0n1p1',
      'assembled: tank on nvme0n1p2',
    ]);
    assert.deepEqual(texts(host, NVME1), [
      'mount /: rpool/ROOT/debian on nvme1n1p1',
      'swap: zd0 on nvme1n1p1',
      'assembled: rpool on nvme1n1p1',
    ]);
  });

  test('btrfs over two disks, bcachefs, and swap in a file', () => {
    using host = twoDisks();
    host
      .file('sys', 'fs/btrfs/features/raid56', '')
      .link('sys', 'fs/btrfs/77aa/devices/nvme0n1p2', 'class/block/nvme0n1p2')
      .link('sys', 'fs/btrfs/77aa/devices/nvme1n1p2', 'class/block/nvme1n1p2')
      .self(
        mount('0:30', '/', '/dev/nvme0n1p2', 'btrfs') +
          mount('0:31', '/with\\040space', '/dev/nvme0n1p1:/dev/nvme1n1p1', 'bcachefs'),
      )
      .file('proc', 'swaps', 'Filename Type\n/swap/file file 1 0 -2\n');
    assert.deepEqual(texts(host, NVME1), [
      'mount /: nvme1n1p2',
      'mount /with space: nvme1n1p1',
      'swap: /swap/file on nvme1n1p2',
    ]);
  });

  test('a disk that two controllers reach stands below its subsystem; one on USB below the USB controller', () => {
    using host = new MadeHost();
    const [first, second] = [host.fn('0000:00:01.0', 'nvme'), host.fn('0000:00:02.0', 'nvme')];
    const usb = host.fn('0000:00:14.0', 'xhci_hcd');
    const subsystem = 'devices/virtual/nvme-subsystem/nvme-subsys0';
    host
      .file('sys', `${first}/nvme/nvme0/state`, 'live')
      .file('sys', `${second}/nvme/nvme1/state`, 'live')
      .block(`${subsystem}/nvme0n1`, '259:0')
      .link('sys', `${subsystem}/nvme0`, `${first}/nvme/nvme0`)
      .link('sys', `${subsystem}/nvme1`, `${second}/nvme/nvme1`)
      .block(`${usb}/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb`, '8:16')
      .self(mount('259:0', '/srv', '/dev/nvme0n1') + mount('8:16', '/media/stick', '/dev/sdb', 'vfat'));
    assert.deepEqual(texts(host, '0000:00:01.0'), ['mount /srv: nvme0n1']);
    assert.deepEqual(texts(host, '0000:00:02.0'), ['mount /srv: nvme0n1']);
    assert.deepEqual(texts(host, '0000:00:14.0'), ['mount /media/stick: sdb']);
  });

  test('what only a container or a service has mounted counts, once', () => {
    using host = twoDisks();
    const elsewhere = mount('259:1', '/', '/dev/nvme0n1p1') + mount('259:2', '/data', '/dev/nvme0n1p2');
    host
      .self(mount('259:1', '/', '/dev/nvme0n1p1'))
      .process(40, { command: 'postgres', namespace: '7', mounts: elsewhere })
      .process(41, { command: 'postgres', namespace: '7', mounts: elsewhere });
    assert.deepEqual(texts(host, NVME0), [
      'mount /: nvme0n1p1',
      'mount /data as postgres (process 40) sees it: nvme0n1p2',
    ]);
  });

  test('what is in memory, on the network or in a circle has no function and no end', () => {
    using host = twoDisks();
    host
      .block('devices/virtual/block/zram0', '254:0')
      .block('devices/virtual/block/loop0', '7:0')
      .block('devices/virtual/block/dm-0', '253:0', { mapping: 'a' })
      .block('devices/virtual/block/dm-1', '253:1', { mapping: 'b', slaves: ['dm-0'] })
      .link('sys', 'devices/virtual/block/dm-0/slaves/dm-1', 'class/block/dm-1')
      .self(
        mount('0:21', '/proc', 'proc', 'proc') +
          mount('7:0', '/snap', '/dev/loop0', 'squashfs') +
          mount('253:0', '/round', '/dev/mapper/a') +
          mount('0:40', '/nfs', 'server:/export', 'nfs4'),
      )
      .file('proc', 'swaps', 'Filename Type\n/dev/zram0 partition 1 0 100\n');
    for (const address of [NVME0, NVME1]) assert.deepEqual(texts(host, address), []);
  });
});

const ROUTES = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
const viaGateway = (name: string, flags = '0003') =>
  `${name}\t00000000\t010200C0\t${flags}\t0\t0\t0\t00000000\t0\t0\t0\n`;
const NOWHERE = '0'.repeat(32);
const viaGateway6 = (name: string, flags = '00000003') =>
  `${NOWHERE} 00 ${NOWHERE} 00 fe80${'0'.repeat(27)}1 00000400 00000003 00000000 ${flags} ${name}\n`;

describe('the network', () => {
  test('a default route over a VLAN of a bridge over a bond: both cards, and what the second port only has an address on', () => {
    using host = new MadeHost();
    for (const index of [0, 1, 2]) host.net(`${host.fn(`0000:00:0${index}.0`, 'igb')}/net/eno${index}`);
    host
      .net('devices/virtual/net/bond0')
      .file('sys', 'devices/virtual/net/bond0/bonding/slaves', 'eno0 eno1\n')
      .net('devices/virtual/net/br0')
      .link('sys', 'devices/virtual/net/br0/brif/bond0', 'class/net/bond0')
      .net('devices/virtual/net/br0.100', ['br0'])
      .net('devices/virtual/net/lo')
      .file(
        'proc',
        'net/route',
        `${ROUTES}${viaGateway('br0.100')}eno2\t000A0A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`,
      )
      .file('proc', 'net/ipv6_route', viaGateway6('br0.100') + viaGateway6('lo', '00200200'));
    host.addresses.set('br0.100', ['192.0.2.5']);
    host.addresses.set('br0', ['198.51.100.1', 'fe80::1']);
    host.addresses.set('eno2', ['10.10.10.2', 'fe80::2']);
    host.addresses.set('lo', ['127.0.0.1', '::1']);
    for (const index of [0, 1])
      assert.deepEqual(texts(host, `0000:00:0${index}.0`), [
        `inet: br0.100 on br0 on bond0 on eno${index}`,
        `inet6: br0.100 on br0 on bond0 on eno${index}`,
        `network 198.51.100.1: br0 on bond0 on eno${index}`,
      ]);
    assert.deepEqual(texts(host, '0000:00:02.0'), ['network 10.10.10.2: eno2']);
  });

  test('a route of a virtual function is its physical function’s as well; a refusing or a sleeping one is nobody’s', () => {
    using host = new MadeHost();
    const physical = host.fn('0000:00:1c.0/0000:03:00.0', 'ixgbe');
    const virtual = host.fn('0000:00:1c.0/0000:03:10.0', 'ixgbevf');
    host
      .link('sys', `${virtual}/physfn`, physical)
      .link('sys', `${physical}/virtfn0`, virtual)
      .net(`${virtual}/net/eth4`)
      .net(`${physical}/net/eth3`)
      .file('proc', 'net/route', `${ROUTES}${viaGateway('eth4')}${viaGateway('eth3', '0002')}`)
      .file('proc', 'net/ipv6_route', viaGateway6('eth3', '00000201'));
    assert.deepEqual(texts(host, '0000:03:10.0'), ['inet: eth4']);
    assert.deepEqual(usesOf(host, '0000:03:00.0'), [
      { kind: 'default-route', via: 'eth4', family: 'inet' },
      { kind: 'virtual-functions', via: 'ixgbe', functions: ['0000:03:10.0'] },
    ]);
  });

  test('behind Open vSwitch, whose own port says nothing of the others, every port may be the way; a tunnel is not below it', () => {
    using host = new MadeHost();
    host
      .net(`${host.fn('0000:00:03.0', 'i40e')}/net/eth0`)
      .net('devices/virtual/net/ovs-system', ['eth0'])
      .net('devices/virtual/net/br-ex')
      .net('devices/virtual/net/tun0')
      .file('sys', 'devices/virtual/net/tun0/tun_flags', '0x1001')
      .file('proc', 'net/route', ROUTES + viaGateway('br-ex'));
    host.addresses.set('tun0', ['10.8.0.1']);
    assert.deepEqual(texts(host, '0000:00:03.0'), ['inet: br-ex on ovs-system on eth0']);
  });
});

describe('sessions', () => {
  const TCP =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  /** 192.0.2.5:22 and 203.0.113.9:50000. */
  const line = (inode: number, state = '01', remote = '0971 00CB'.replace(' ', '')) =>
    `   0: 050200C0:0016 ${remote}:C350 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1\n`;

  function reached(): MadeHost {
    const host = new MadeHost();
    host
      .net(`${host.fn('0000:00:03.0', 'e1000e')}/net/eth0`)
      .net(`${host.fn('0000:00:04.0', 'e1000e')}/net/eth1`);
    host.addresses.set('eth0', ['192.0.2.5', '2001:db8::5']);
    host.addresses.set('eth1', ['198.51.100.5']);
    return host.file('etc', 'passwd', 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n');
  }

  const ADDRESSED = 'network 192.0.2.5 2001:db8::5: eth0';

  test('connections of an SSH daemon are somebody’s; others, and those that only wait, are not', () => {
    using host = reached();
    host
      .file('proc', 'net/tcp', TCP + line(100) + line(101) + line(102, '0A', '00000000'))
      .file(
        'proc',
        'net/tcp6',
        `${TCP}   0: B80D0120000000000000000005000000:0016 B80D0120000000000000000009000000:C351 01 0:0 00:0 0 0 0 103 1\n` +
          `   1: 0000000000000000FFFF0000056433C6:0016 0000000000000000FFFF0000067100CB:C352 01 0:0 00:0 0 0 0 104 1\n`,
      )
      .process(10, {
        command: 'sshd',
        open: ['socket:[100]', 'socket:[103]', 'socket:[104]', 'socket:[102]'],
      })
      .process(11, { command: 'sshd', user: 1000, open: ['socket:[100]'] })
      .process(12, { command: 'nginx', open: ['socket:[101]'] });
    assert.deepEqual(texts(host, '0000:00:03.0'), [
      ADDRESSED,
      'session alice 203.0.113.9: eth0',
      'session root 2001:db8::9: eth0',
    ]);
    assert.deepEqual(texts(host, '0000:00:04.0'), [
      'network 198.51.100.5: eth1',
      'session root 203.0.113.6: eth1',
    ]);
  });

  test('this program’s own is known without any right, and told once', () => {
    using host = reached();
    host.connection = '203.0.113.9 50000 192.0.2.5 22';
    assert.deepEqual(texts(host, '0000:00:03.0'), [ADDRESSED, 'session this session 203.0.113.9: eth0']);
    host
      .file('proc', 'net/tcp', TCP + line(100))
      .process(10, { command: 'sshd-session', user: 1000, open: ['socket:[100]'] });
    assert.deepEqual(texts(host, '0000:00:03.0'), [ADDRESSED, 'session this session 203.0.113.9: eth0']);
  });

  test('where the daemon’s files may not be seen the port tells, and that something is unseen', (t) => {
    using host = reached();
    host.file('proc', 'net/tcp', TCP + line(100)).process(10, { command: 'sshd', open: ['socket:[100]'] });
    chmodSync(join(host.roots.proc, '10/fd'), 0);
    const asNobody = process.geteuid?.() === 0;
    if (asNobody) {
      chmodSync(host.folder, 0o755);
      process.seteuid?.(65534);
    }
    try {
      assert.deepEqual(texts(host, '0000:00:03.0'), [
        ADDRESSED,
        'session somebody 203.0.113.9: eth0',
        'unseen: files of 1 process',
      ]);
    } finally {
      if (asNobody) process.seteuid?.(0);
      chmodSync(join(host.roots.proc, '10/fd'), 0o700);
      t.diagnostic(asNobody ? 'as nobody' : 'as this user');
    }
  });
});

describe('consoles and displays', () => {
  test('a serial card, the frame buffer of the terminals, and the display of firmware unless a holder has it', () => {
    using host = new MadeHost();
    const serial = host.fn('0000:00:05.0', 'serial');
    const display = host.fn('0000:00:02.0', 'i915', { boot_vga: '1\n' });
    const second = host.fn('0000:00:01.0/0000:01:00.0', 'nouveau', { boot_vga: '0\n' });
    host
      .file('sys', `${serial}/tty/ttyS4/dev`, '4:68')
      .link('sys', 'dev/char/4:68', `${serial}/tty/ttyS4`)
      .link('sys', 'class/graphics/fb0', `${display}/graphics/fb0`)
      .link('sys', 'class/graphics/fb10', `${second}/graphics/fb10`)
      .file('sys', `${display}/graphics/fb0/name`, 'i915drmfb')
      .file('sys', `${second}/graphics/fb10/name`, 'nouveaudrmfb')
      .file(
        'proc',
        'consoles',
        'ttyS4                -W- (EC p a)    4:68\nnetcon0              -W- (E     )\n',
      );
    assert.deepEqual(texts(host, '0000:00:05.0'), ['console: ttyS4']);
    assert.deepEqual(texts(host, '0000:00:02.0'), [
      'console: fb0',
      'console: the display that firmware started with',
    ]);
    assert.deepEqual(texts(host, '0000:01:00.0'), []);
  });

  test('a console that is switched off is none, nor is a display that VFIO holds', () => {
    using host = new MadeHost();
    const serial = host.fn('0000:00:05.0', 'serial');
    host.fn('0000:00:02.0', 'vfio-pci', { boot_vga: '1\n' });
    host.fn('0000:00:06.0', undefined, { boot_vga: '1\n' });
    host
      .file('sys', `${serial}/tty/ttyS4/dev`, '4:68')
      .link('sys', 'dev/char/4:68', `${serial}/tty/ttyS4`)
      .file('proc', 'consoles', 'ttyS4                -W- (  p a)    4:68\n');
    for (const address of ['0000:00:05.0', '0000:00:02.0']) assert.deepEqual(texts(host, address), []);
    assert.deepEqual(texts(host, '0000:00:06.0'), ['console: the display that firmware started with']);
  });
});

describe('open device files', () => {
  test('of disks, displays, USB, VFIO and NVIDIA’s own, with who has them; this program’s own are none', () => {
    using host = twoDisks();
    const display = host.fn('0000:00:02.0', 'i915');
    const usb = host.fn('0000:00:14.0', 'xhci_hcd');
    const held = host.fn('0000:00:03.0', 'vfio-pci');
    const nvidia = host.fn('0000:00:04.0', 'nvidia');
    assert.ok(nvidia !== '' && held !== '');
    host
      .character(`${display}/drm/card0`, '226:0', 'dri/card0')
      .character(`${usb}/usb1/1-4`, '189:3', 'bus/usb/001/004')
      .character('devices/virtual/misc/card9', '10:9', 'card9')
      .character('devices/virtual/vfio/12', '511:0', 'vfio/12')
      .link('sys', 'kernel/iommu_groups/12/devices/0000:00:03.0', held)
      .file('proc', 'driver/nvidia/gpus/0000:00:04.0/information', 'Model: \t X\nDevice Minor: \t 0\n')
      .self('')
      .rawLink('proc', '1/fd/9', '/dev/dri/card0')
      .process(50, {
        command: 'Xorg',
        open: ['/dev/null', '/dev/dri/card0', '/dev/dri/card0', '/dev/nvidia0', 'pipe:[7]', '/dev/card0'],
      })
      .process(51, {
        command: 'qemu-system-x86',
        open: ['/dev/vfio/12', '/dev/nvme0n1', '/dev/bus/usb/001/004'],
      })
      .file('proc', 'uptime', '1 1');
    assert.deepEqual(texts(host, '0000:00:02.0'), ['open Xorg 50: /dev/dri/card0']);
    assert.deepEqual(texts(host, '0000:00:04.0'), ['open Xorg 50: /dev/nvidia0']);
    assert.deepEqual(texts(host, '0000:00:03.0'), ['open qemu-system-x86 51: /dev/vfio/12']);
    assert.deepEqual(texts(host, NVME0), ['open qemu-system-x86 51: /dev/nvme0n1']);
    assert.deepEqual(texts(host, '0000:00:14.0'), ['open qemu-system-x86 51: /dev/bus/usb/001/004']);
  });

  test('the look ends with its time, and says so', () => {
    using host = twoDisks();
    for (let process = 100; process < 110; process++)
      host.process(process, { command: `p${process}`, open: ['/dev/nvme0n1'] });
    let now = 0;
    const uses = new HostUses(host.roots, { milliseconds: 4, now: () => now++ });
    const found = uses.of(notations.hex.parse(NVME0));
    const opened = found.filter(({ kind }) => kind === 'open');
    assert.ok(opened.length > 0 && opened.length < 10, `${opened.length} were looked at`);
    assert.deepEqual(found.at(-1), {
      kind: 'unseen',
      via: 'files of some processes',
      why: 'it would have taken too long',
    });
  });
});

test('memory that firmware keeps for a device is told of those reserved regions that are its own', () => {
  using host = new MadeHost();
  const device = host.fn('0000:00:1a.0', 'ehci-pci');
  host
    .link('sys', `${device}/iommu_group`, 'kernel/iommu_groups/3')
    .file(
      'sys',
      'kernel/iommu_groups/3/reserved_regions',
      '0x00000000cf8e0000 0x00000000cf8effff direct\n' +
        '0x00000000cf900000 0x00000000cf90ffff direct-relaxable\n' +
        '0x00000000fee00000 0x00000000feefffff msi\n',
    );
  assert.deepEqual(usesOf(host, '0000:00:1a.0'), [
    {
      kind: 'reserved-region',
      via: 'IOMMU group 3',
      first: '0x00000000cf8e0000',
      last: '0x00000000cf8effff',
      relaxable: false,
    },
    {
      kind: 'reserved-region',
      via: 'IOMMU group 3',
      first: '0x00000000cf900000',
      last: '0x00000000cf90ffff',
      relaxable: true,
    },
  ]);
});

test('whatever the tables hold, they are read to their end', async () => {
  const tables = [
    'self/mountinfo',
    'swaps',
    'net/route',
    'net/ipv6_route',
    'net/tcp',
    'net/tcp6',
    'consoles',
  ];
  const word = fc.oneof(
    fc.constantFrom('259:1', '/', '/dev/nvme0n1p1', '-', 'zfs', 'btrfs', 'eno0', '00000000', '0003', '01'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const table = fc
    .array(
      fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
      { maxLength: 4 },
    )
    .map((lines) => lines.join('\n'));
  using host = twoDisks();
  host.net(`${host.fn('0000:00:08.0', 'igb')}/net/eno0`);
  await checkProperty(
    'host-uses: whatever the host’s files say, it is read',
    fc.property(fc.tuple(...tables.map(() => table)), (contents) => {
      for (const [index, content] of contents.entries()) host.file('proc', tables[index] ?? '', content);
      for (const address of [NVME0, '0000:00:08.0']) usesOf(host, address);
    }),
    { numRuns: 60 },
  );
});

describe('the host that runs this', () => {
  test('the function that has the root file system is told to have it', (t) => {
    const { dev } = statSync('/');
    // As glibc takes device numbers apart.
    const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
    let place: string;
    try {
      place = realpathSync(`/sys/dev/block/${major}:${minor}`);
    } catch {
      t.skip('the root is on no block device');
      return;
    }
    const name = /.*\/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\//.exec(place)?.[1];
    if (name === undefined) {
      t.skip('the root is on no PCI function');
      return;
    }
    using machine = new LinuxMachine();
    const uses = machine.hostUses?.(notations.hex.parse(name)) ?? [];
    assert.ok(
      uses.some((use) => use.kind === 'mount' && use.at === '/'),
      JSON.stringify(uses),
    );
  });

  test('every other function can be asked, and a saved tree is asked nothing of this host', () => {
    using machine = new LinuxMachine();
    if (readdirSync('/sys/bus').includes('pci'))
      for (const { address } of machine.list()) assert.ok(Array.isArray(machine.hostUses?.(address)));
    using host = new MadeHost();
    using saved = new LinuxMachine({ root: join(host.roots.sys, 'bus/pci') });
    assert.equal(saved.hostUses, undefined);
  });
});
