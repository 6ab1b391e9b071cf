/** What a request is answered with when it is refused: an errno, by the name that stands on the wire. */

/** An errno as an answer. There is one object for each, so that a refusal costs nothing; they are returned, not thrown. */
export class Refusal {
  readonly errno: string;
  /** As it is sent, with its NUL. */
  readonly payload: string;

  constructor(errno: string) {
    this.errno = errno;
    this.payload = `${errno}\0`;
  }
}

export const EINVAL = new Refusal('EINVAL');
export const EACCES = new Refusal('EACCES');
export const EEXIST = new Refusal('EEXIST');
export const ENOENT = new Refusal('ENOENT');
export const ENOMEM = new Refusal('ENOMEM');
export const ENOSPC = new Refusal('ENOSPC');
export const ENOSYS = new Refusal('ENOSYS');
export const EBUSY = new Refusal('EBUSY');
export const EAGAIN = new Refusal('EAGAIN');
export const EIO = new Refusal('EIO');
export const E2BIG = new Refusal('E2BIG');
export const EPERM = new Refusal('EPERM');
