/** What every owner of a host does for its clients: claims, releases, their plans, and what was left unfinished. */
import type { HostClaims } from '../admin/index.js';
import type { OwnerRequests } from '../owner/index.js';

/** Requests that a command answers itself where nobody owns the host. */
export const HOST_REQUESTS = [
  'claim',
  'plan_claim',
  'release',
  'plan_release',
  'unfinished',
  'recover',
] as const;
export type HostRequest = (typeof HOST_REQUESTS)[number];

export function hostRequests(claims: HostClaims): Required<Pick<OwnerRequests, HostRequest>> {
  return {
    claim: ({ addresses, purpose, allow: allowed, evenIfCritical }) =>
      claims.claimAll(addresses, purpose, { allowed, evenIfCritical }),
    plan_claim: async ({ addresses, purpose }) =>
      claims.describe(await claims.planClaims(addresses, purpose)),
    release: ({ addresses }) => claims.releaseAll(addresses),
    plan_release: async ({ addresses }) => claims.describe(await claims.planReleases(addresses)),
    unfinished: () => claims.unfinished(),
    recover: ({ finish }) => claims.recover(finish ? 'forth' : 'back'),
  };
}
