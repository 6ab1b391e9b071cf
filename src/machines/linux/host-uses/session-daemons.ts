/** Names of the processes that hold the connection of somebody who is logged in from afar. */
export const SESSION_DAEMONS: ReadonlySet<string> = new Set([
  'sshd',
  'sshd-session',
  'dropbear',
  'telnetd',
  'in.telnetd',
  'rlogind',
  'in.rlogind',
]);
