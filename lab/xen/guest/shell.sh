# An interactive dom0 with the tool stack up.
. /openslot/lab/xen/guest/lib.sh
stack_up
modprobe xen-pciback
modprobe nvme
guest_config guest 00:08.0 role=disk >/tmp/guest.cfg
cat <<'TEXT'

dom0 of the lab. The repository is /openslot (read-only), this run's folder on the host is /lab.
  openslot list              the CLI of this repository
  xl create /tmp/guest.cfg   a guest with 00:08.0, once that is claimed
  exit                       switches the machine off
TEXT
export PS1='dom0# ' ENV=/openslot/lab/xen/guest/lib.sh
sh -i
