/** The operations on domains: INTRODUCE, RELEASE, RESUME, SET_TARGET, GET_DOMAIN_PATH, IS_DOMAIN_INTRODUCED. */
import { homePath } from '../paths.js';
import { EINVAL, ENOENT, Refusal } from './refusal.js';
import type { Domain } from './domains.js';
import {
  domainNumber,
  endedStrings,
  leadingInt,
  OK,
  onlyString,
  type Answer,
  type Request,
} from './request.js';

/** The id by which every domain means itself. */
const DOMID_SELF = 0x7ff0;

/** Connects a guest's ring, which the hypervisor finds by frame and port. */
export function introduce({ store, text }: Request): Answer {
  const [id, frame, port] = endedStrings(text);
  if (id === undefined || frame === undefined || port === undefined) return EINVAL;
  const event = leadingInt(port);
  if (event === 0) return EINVAL;
  return store.connectGuest(domainNumber(id), domainNumber(frame), event) ?? OK;
}

export function release(request: Request): Answer {
  const domain = guestNamed(request);
  if (domain instanceof Refusal) return domain;
  request.store.release(domain);
  return OK;
}

export function resume(request: Request): Answer {
  const domain = guestNamed(request);
  if (domain instanceof Refusal) return domain;
  domain.shutDown = false;
  return OK;
}

/** The first domain gets the rights of the second one: a device model those of its guest. */
export function setTarget({ store, text }: Request): Answer {
  const [id, target] = endedStrings(text);
  if (id === undefined || target === undefined) return EINVAL;
  const domain = introduced(store.domains.get(domainNumber(id)));
  const other = introduced(store.domains.get(domainNumber(target)));
  if (domain instanceof Refusal) return domain;
  if (other instanceof Refusal) return other;
  domain.target = other;
  return OK;
}

/** Also for a domain that is not there. */
export function getDomainPath({ text }: Request): Answer {
  const id = onlyString(text);
  return id === undefined ? EINVAL : `${homePath(domainNumber(id))}\0`;
}

export function isDomainIntroduced({ store, text }: Request): Answer {
  const id = onlyString(text);
  if (id === undefined) return EINVAL;
  const domain = domainNumber(id);
  return domain === DOMID_SELF || store.domains.get(domain)?.introduced === true ? 'T\0' : 'F\0';
}

/** An introduced domain that is not dom0. */
function guestNamed({ store, text }: Request): Domain | Refusal {
  const id = onlyString(text);
  if (id === undefined || domainNumber(id) === 0) return EINVAL;
  return introduced(store.domains.get(domainNumber(id)));
}

function introduced(domain: Domain | undefined): Domain | Refusal {
  return domain?.introduced === true ? domain : ENOENT;
}
