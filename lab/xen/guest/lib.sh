# What dom0's scripts share: facts for the runner, waiting, the tool stack, guests. Sourced.
# Facts go to /lab/facts.txt, one line each: name, tab, value; several lines of one name are one value.

phase() { # NAME: the runner notes on its own clock when this line comes
  echo "LAB phase $1 $(cut -d' ' -f1 /proc/uptime)" >/dev/console
  echo "=== $1 $(cut -d' ' -f1 /proc/uptime)"
}

fact() { # NAME VALUE...
  name=$1
  shift
  printf '%s\t%s\n' "$name" "$*" >>/lab/facts.txt
}

facts() { # NAME: the value is what comes in
  while IFS= read -r line; do fact "$1" "$line"; done
}

run() { # NAME COMMAND...: the exit code and the output become facts
  what=$1
  shift
  "$@" >/tmp/run.out 2>&1
  code=$?
  fact "$what.code" $code
  facts "$what.output" </tmp/run.out
  return $code
}

await() { # SECONDS COMMAND...: repeats the command until it succeeds
  left=$(($1 * 5))
  shift
  until "$@" 2>/dev/null; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 0.2
  done
}

follow() { # FILE NAME: keeps a copy on the host, so that it can be read when everything hangs
  while sleep 2; do
    [ -e "$1" ] && ! cmp -s "$1" "/lab/$2" && cp "$1" "/lab/$2"
  done 2>/dev/null &
}

openslot() { node /openslot/dist/src/cli/main.js "$@"; }

stack_up() {
  for module in xen-privcmd xenfs xen-evtchn xen-gntdev xen-gntalloc; do modprobe $module; done
  mount -t xenfs xenfs /proc/xen
  mkdir -p /run/xen /run/lock /run/xenstored /var/lib/xen /var/lib/xenstored /var/log/xen/console /etc/xen
  : >/etc/xen/xl.conf
  xenstored --pid-file /run/xenstored.pid
  await 10 xenstore-exists / || return 1
  xen-init-dom0
  xenconsoled --pid-file=/run/xenconsoled.pid --log=all --log-dir=/var/log/xen/console
}

guest_config() { # NAME SPEC ROLE: prints what xl create takes; SPEC is the function as xl writes it, empty for none
  if [ -n "$2" ]; then functions="pci = ['$2']"; else functions=$(printf 'passthrough = "enabled"\ne820_host = 1'); fi
  cat <<CONFIG
name = "$1"
type = "pv"
kernel = "/images/vmlinux.elf"
ramdisk = "/images/guest.cpio"
extra = "console=hvc0 mitigations=off iommu=soft random.trust_cpu=on cryptomgr.notests role=$3"
memory = 192
vcpus = 1
on_crash = "destroy"
on_poweroff = "destroy"
$functions
CONFIG
}

# A guest's console ends its lines with it, too.
carriage_return=$(printf '\r')

connect() { # NAME FD: the guest's console becomes the descriptor; returns when the guest is up
  console=$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")
  eval "exec $2<>$console"
  hear "$2" "U done" && fact "guest.$1" up
}

hear() { # FD WORDS: the rest of the next line that begins with the words, in $heard
  while read -r -t 60 line <&"$1"; do
    line=${line%"$carriage_return"}
    case $line in "$2"*)
      heard=${line#"$2"}
      return 0
      ;;
    esac
  done
  return 1
}

guest_log() { echo "/var/log/xen/console/guest-$1.log"; }

driver_of() { # ADDRESS
  basename "$(readlink "/sys/bus/pci/devices/$1/driver" 2>/dev/null)"
}

back_end_of() { # GUEST: the kernel's driver behind its PCI bus, "none" when it is somebody else's
  driver=$(readlink "/sys/bus/xen-backend/devices/pci-$(xl domid "$1")-0/driver")
  basename "${driver:-none}"
}

disk_of() { # ADDRESS: the block device's name
  for disk in /sys/bus/pci/devices/"$1"/nvme/nvme*/nvme*n1; do [ -e "$disk" ] && basename "$disk"; done
}

disk_ready() { [ -b "/dev/$(disk_of "$1")" ]; }

disk_md5() { # ADDRESS: of the first 64 * 4096 bytes, past the page cache
  echo 3 >/proc/sys/vm/drop_caches
  dd if="/dev/$(disk_of "$1")" bs=4096 count=64 2>/dev/null | md5sum | cut -d' ' -f1
}
