# The scenario of `lab xen`, in dom0: the phases that LAB_PHASES names, separated by colons, one after the other.
# A phase is phases/NAME.sh here and lab/xen/phases/NAME.ts on the host, which judges it. It finds the tool stack up and
# every function at its host driver, and leaves them so; its facts, and its files in $lab, are its own.
. /openslot/lab/xen/guest/lib.sh
. "/openslot/lab/xen/guest/back-end.$LAB_BACK_END.sh"

phase dom0
stack_up
# In the order of a host's start: what an initramfs brings, then the drivers of what is there. By kmod, as Debian does it:
# busybox's own modprobe, which its shell prefers, finds no option of the kernel's command line behind a name with a dash.
for module in $LAB_EARLY nvme; do /usr/sbin/modprobe "$module"; done

for scope in $(echo "$LAB_PHASES" | tr : ' '); do
  lab=/lab/$scope
  mkdir -p "$lab"
  phase "$scope"
  . "/openslot/lab/xen/guest/phases/$scope.sh"
  fact end reached
done

scope=
lab=/lab
phase closing
end_serve
phase end
