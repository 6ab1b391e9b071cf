/** FUSE, by which programs get functions as files: the kernel's part, and what mounts for users. */
import { fine, hostCheck, type Check } from '../check.js';

const DEVICE = '/dev/fuse';

const fuseFile = hostCheck({
  name: 'fuse',
  layer: 'FUSE',
  asks: 'Can files be served from a program?',
  purposes: ['proto'],
  causes: {
    FUSE_FILE_MISSING: {
      blocks: ['proto'],
      why: 'openslot proto mount serves the files through it',
      next: 'modprobe fuse; in a container: give it /dev/fuse',
    },
    FUSE_FILE_CLOSED: {
      blocks: ['proto'],
      why: 'openslot proto mount serves the files through it',
      next: `run proto mount as root; or as distributions have it: chmod 0666 ${DEVICE}`,
    },
  },
  look({ host }) {
    if (!host.exists(DEVICE))
      return {
        causes: [{ code: 'FUSE_FILE_MISSING', what: `${DEVICE} is not there`, evidence: { path: DEVICE } }],
      };
    if (host.files.opens(DEVICE)) return fine(DEVICE);
    return {
      causes: [
        { code: 'FUSE_FILE_CLOSED', what: `this user may not open ${DEVICE}`, evidence: { path: DEVICE } },
      ],
    };
  },
});

const PROGRAM = 'fusermount3';
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/run/wrappers/bin'];
const SET_UID = 0o4000;

const userMounts = hostCheck({
  name: 'user-mounts',
  layer: 'FUSE',
  asks: 'May a user who is not root mount the files?',
  purposes: ['proto'],
  causes: {
    FUSERMOUNT_MISSING: {
      blocks: ['proto'],
      why: 'it mounts for users who may not',
      next: 'run proto mount as root; or: apt-get install fuse3; or: dnf install fuse3',
    },
    FUSERMOUNT_POWERLESS: {
      blocks: ['proto'],
      why: 'without the rights of root it cannot mount either',
      next: '',
    },
    FUSE_NOT_FOR_OTHERS: {
      blocks: [],
      why: 'the files are for the user alone who mounts them: proto mount --allow-other is refused',
      next: 'as root: echo user_allow_other >>/etc/fuse.conf',
    },
  },
  look({ host }) {
    // Root mounts by itself, and for everybody.
    if (host.isRoot) return undefined;
    const path = FOLDERS.map((folder) => `${folder}/${PROGRAM}`).find((file) => host.exists(file));
    if (path === undefined)
      return {
        causes: [
          { code: 'FUSERMOUNT_MISSING', what: `${PROGRAM} is not installed`, evidence: { folders: FOLDERS } },
        ],
      };
    const status = host.files.status(path);
    if (status === undefined || (status.mode & SET_UID) === 0 || status.uid !== 0)
      return {
        causes: [
          {
            code: 'FUSERMOUNT_POWERLESS',
            what: `${path} is not set-uid root`,
            next: `chown root ${path}; chmod u+s ${path}`,
            evidence: { path, mode: (status?.mode ?? 0).toString(8), uid: status?.uid ?? 0 },
          },
        ],
      };
    if (/^\s*user_allow_other\b/m.test(host.text('/etc/fuse.conf') ?? ''))
      return fine(`${path}; users may mount for others`);
    return {
      causes: [
        {
          code: 'FUSE_NOT_FOR_OTHERS',
          what: '/etc/fuse.conf has no user_allow_other',
          evidence: { path: '/etc/fuse.conf' },
        },
      ],
    };
  },
});

export const fuseChecks: readonly Check[] = [fuseFile, userMounts];
