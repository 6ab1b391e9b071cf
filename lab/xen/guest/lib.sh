# What dom0's scripts share: facts for the runner, waiting, the tool stack, guests. Sourced.
# Facts go to /lab/facts.txt, one line each: name, tab, value; several lines of one name are one value.
# Inside a phase of the scenario $scope is its name, which its facts begin with, and $lab its folder on the host.
scope=
lab=/lab

phase() { # NAME: the runner notes on its own clock when this line comes
  echo "LAB phase $1 $(cut -d' ' -f1 /proc/uptime)" >/dev/console
  echo "=== $1 $(cut -d' ' -f1 /proc/uptime)"
}

fact() { # NAME VALUE...
  name=$1
  shift
  printf '%s\t%s\n' "${scope:+$scope.}$name" "$*" >>/lab/facts.txt
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

await() { # SECONDS COMMAND...: repeats the command until it succeeds; one that never does is told in script.log
  left=$(($1 * 5))
  seconds=$1
  shift
  until "$@" 2>/dev/null; do
    left=$((left - 1))
    if [ $left -le 0 ]; then
      echo "waited $seconds s in vain: $*" >&2
      return 1
    fi
    sleep 0.2
  done
}

follow() { # FILE NAME: keeps a copy on the host, so that it can be read when everything hangs
  while sleep 2; do
    [ -e "$1" ] && ! cmp -s "$1" "$lab/$2" && cp "$1" "$lab/$2"
  done 2>/dev/null &
  followers="$followers $!"
}

unfollow() { # ends what follow began: each look costs time
  for follower in $followers; do kill "$follower"; done
  followers=
}

store() { # NAME: the whole XenStore as it is now
  xenstore-ls -fp >"$lab/store-$1.txt"
}

born() { # GUEST [FACT]: what tells its keys from those of others
  fact "${2:-$1}.id" "$(xl domid "$1")"
  fact "${2:-$1}.vm" "$(xenstore-read "/local/domain/$(xl domid "$1")/vm")"
}

# The tool stack does not wait for the back end, which forgets a guest in its own time.
no_pairs() { [ -z "$(xenstore-list /local/domain/0/backend/pci)" ]; }
none_served() { # no guest has functions any more, in XenStore
  await 10 no_pairs
}

openslot() { node /openslot/dist/src/command/main.js "$@"; }

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

guest_config() { # NAME SPECS WORDS...: prints what xl create takes; SPECS are functions as xl writes them, or none
  guest=$1
  given=
  for spec in $2; do given="$given'$spec', "; done
  if [ -n "$2" ]; then given="pci = [${given%, }]"; else given=$(printf 'passthrough = "enabled"\ne820_host = 1'); fi
  shift 2
  cat <<CONFIG
name = "$guest"
type = "pv"
kernel = "/images/vmlinux.elf"
ramdisk = "/images/guest.cpio"
extra = "console=hvc0 mitigations=off iommu=soft random.trust_cpu=on cryptomgr.notests $*"
memory = 192
vcpus = 1
on_crash = "destroy"
on_poweroff = "destroy"
$given
CONFIG
}

# A guest's console ends its lines with it, too.
carriage_return=$(printf '\r')

connect() { # NAME FD: the guest's console becomes the descriptor; returns when the guest is up
  tty=/local/domain/$(xl domid "$1")/console/tty
  # A failed exec would end this shell.
  await 10 xenstore-exists "$tty" || return 1
  console=$(xenstore-read "$tty")
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

ask() { # FD COMMAND...: to the guest; the rest of its answer is in $heard
  to=$1
  shift
  echo "$*" >&"$to"
  hear "$to" "U $1" && heard=${heard# }
}

prove() { # FACT FD DRIVER: the guest shows that the function of that driver works, and what interrupts it has had
  echo "prove $3" >&"$2"
  while read -r -t 60 line <&"$2"; do
    line=${line%"$carriage_return"}
    case $line in
    "U interrupt $3 "*) fact "$1.interrupts" "${line#"U interrupt $3 "}" ;;
    "U prove $3 "*)
      fact "$1.proof" "${line#"U prove $3 "}"
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
