/** The device files of VFIO and UIO: whether they are there, and whether this user may open them. */
import { fine, functionCheck, hostCheck, type Check } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';

const CONTAINER = '/dev/vfio/vfio';
const IOMMUFD = '/dev/iommu';

const vfioFile = hostCheck({
  name: 'vfio-file',
  layer: 'VFIO and UIO',
  asks: 'Is the way into VFIO there?',
  purposes: ['vfio'],
  causes: {
    VFIO_FILE_MISSING: {
      blocks: ['vfio'],
      why: 'VFIO is in the kernel, and nobody has made its device file: udev does not run here, or this is a container',
      next: 'udevadm trigger; in a container: give it /dev/vfio as well',
    },
    VFIO_FILE_CLOSED: {
      blocks: ['vfio'],
      why: 'every program that uses VFIO opens it first',
      next: '',
    },
  },
  look({ host }) {
    const { kind } = host.modules.stateOf('vfio');
    // The check of modules has told it.
    if (kind !== 'loaded' && kind !== 'built-in') return undefined;
    const there = [CONTAINER, IOMMUFD].filter((path) => host.exists(path));
    if (there.length === 0)
      return {
        causes: [
          {
            code: 'VFIO_FILE_MISSING',
            what: `neither ${CONTAINER} nor ${IOMMUFD} is there`,
            evidence: { paths: [CONTAINER, IOMMUFD] },
          },
        ],
      };
    const open = there.filter((path) => host.files.opens(path));
    if (open.length > 0) return fine(open.join(', '), { files: open });
    return {
      causes: [
        {
          code: 'VFIO_FILE_CLOSED',
          what: `this user may not open ${there.join(' or ')}: ${there.map((path) => rights(host, path)).join(', ')}`,
          next: `it gives no function away by itself: chmod 0666 ${there.join(' ')}`,
          evidence: { paths: there },
        },
      ],
    };
  },
});

/** `mode 600 of user 0`. */
function rights(host: ExaminedHost, path: string): string {
  const status = host.files.status(path);
  return status === undefined
    ? 'not there'
    : `mode ${(status.mode & 0o777).toString(8)} of user ${status.uid}`;
}

const groupFile = functionCheck({
  name: 'group-file',
  layer: 'VFIO and UIO',
  asks: 'May this user drive the function through VFIO?',
  purposes: ['vfio'],
  causes: {
    VFIO_GROUP_FILE_MISSING: {
      blocks: ['vfio'],
      why: 'vfio-pci has the function, and nobody has made the device file: udev does not run here, or this is a container',
      next: 'udevadm trigger; in a container: give it the file as well',
    },
    VFIO_GROUP_FILE_CLOSED: {
      blocks: ['vfio'],
      why: 'who may open it drives the functions of the group',
      next: '',
    },
  },
  look({ host, fn }) {
    const group = fn.summary.iommuGroup;
    if (fn.driver !== 'vfio-pci' || group === undefined) return undefined;
    const own = host.files.list(`/sys/bus/pci/devices/${fn.address}/vfio-dev`) ?? [];
    const paths = [`/dev/vfio/${group}`, ...own.map((name) => `/dev/vfio/devices/${name}`)];
    const there = paths.filter((path) => host.exists(path));
    if (there.length === 0)
      return {
        causes: [
          {
            code: 'VFIO_GROUP_FILE_MISSING',
            what: `${paths.join(' and ')} are not there`,
            evidence: { paths },
          },
        ],
      };
    const open = there.filter((path) => host.files.opens(path));
    if (open.length > 0) return fine(open.join(', '), { files: open });
    const [first = ''] = there;
    return {
      causes: [
        {
          code: 'VFIO_GROUP_FILE_CLOSED',
          what: `this user may not open ${there.map((path) => `${path} (${rights(host, path)})`).join(', ')}`,
          next: `as root: chown USER ${first}`,
          evidence: { paths: there },
        },
      ],
    };
  },
});

const uioFile = functionCheck({
  name: 'uio-file',
  layer: 'VFIO and UIO',
  asks: 'May this user take the interrupts through UIO?',
  purposes: ['proto'],
  causes: {
    UIO_FILE_MISSING: {
      blocks: ['proto'],
      why: 'uio_pci_generic has the function, and nobody has made the device file: udev does not run here, or this is a container',
      next: 'udevadm trigger; in a container: give it the file as well',
    },
    UIO_FILE_CLOSED: { blocks: ['proto'], why: 'interrupts are read from it', next: '' },
  },
  look({ host, fn }) {
    if (fn.driver !== 'uio_pci_generic') return undefined;
    const [name] = host.files.list(`/sys/bus/pci/devices/${fn.address}/uio`) ?? [];
    const path = `/dev/${name ?? 'uio?'}`;
    if (name === undefined || !host.exists(path))
      return { causes: [{ code: 'UIO_FILE_MISSING', what: `${path} is not there`, evidence: { path } }] };
    if (host.files.opens(path)) return fine(path, { path });
    return {
      causes: [
        {
          code: 'UIO_FILE_CLOSED',
          what: `this user may not open ${path} (${rights(host, path)})`,
          next: `as root: chown USER ${path}`,
          evidence: { path },
        },
      ],
    };
  },
});

export const deviceFileChecks: readonly Check[] = [vfioFile, groupFile, uioFile];
