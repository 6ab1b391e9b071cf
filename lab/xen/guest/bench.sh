# The measurements of `bench xen`, in dom0: two servers of XenStore under the same load by turns; two guests, each with
# another back end behind it, that scan their bus, read configuration space and are given a function, by turns.
. /openslot/lab/xen/guest/lib.sh
. "/openslot/lab/xen/guest/back-end.$LAB_BACK_END.sh"
# Each guest has this one all the time, so that its pair stays, and the measured function beside it.
measured=0000:00:01.0

# WHAT NAME FD: one scan, or a run of reads; guest time is a fact, wall time is what the runner sees between the two lines.
measure() {
  echo "LAB $1 $2 begin" >/dev/console
  echo "$1 $measured" >&"$3"
  hear "$3" "U $1 " || return 1
  echo "LAB $1 $2 end" >/dev/console
  fact "$1.$2" "$heard"
}

now() { # nanoseconds, to the nanosecond
  {
    read -r _
    read -r _
    read -r _ _ nanoseconds _
  } </proc/timer_list
}

# NAME FD ADDRESS: from `xl pci-attach` to the guest's driver bound, and to its disk; dom0's time is a fact.
measure_attach() {
  echo "bound $measured" >&"$2"
  echo "LAB attach $1 begin" >/dev/console
  now
  begin=$nanoseconds
  xl pci-attach "$1" "$3" && hear "$2" "U bound" || return 1
  now
  echo "LAB attach $1 end" >/dev/console
  fact "attach.$1" "$((nanoseconds - begin)) bound"
  hear "$2" "U usable" || return 1
  now
  echo "LAB usable $1 end" >/dev/console
  fact "usable.$1" "$((nanoseconds - begin)) disk"
  # xl takes a function's registers away before it asks the guest, whose driver must not be in the middle of something.
  ask "$2" disk
  detach_measured "$1" "$2" "$3"
}

detach_measured() { # NAME FD ADDRESS
  xl pci-detach "$1" "$3" && ask "$2" gone
}

on_second_processor() { [ "$LAB_PROCESSORS" = 1 ] || echo 'cpus = "1"'; }

phase dom0
stack_up
modprobe xen-pciback

if [ "$LAB_PROCESSORS" = 1 ]; then
  # Before any guest runs, which would take time from the one or the other.
  phase store
  node /openslot/dist/bench/store-server.js /tmp/store.socket >/tmp/store-server.log 2>&1 &
  store_server=$!
  await 10 test -S /tmp/store.socket
  node /openslot/dist/bench/store-program.js openslot=/tmp/store.socket xenstored=/run/xenstored/socket \
    --rounds 7 --operations 200 >/lab/store.json 2>/tmp/store-program.log
  fact store.code $?
  facts store.log </tmp/store-program.log
  kill $store_server
fi

# The peer comes first, while xen-pciback still binds to what xl creates: openslot serve switches that off, and
# leaves alone what a driver of the kernel has.
phase peer
for address in 0000:00:05.0 0000:00:09.0; do run peer.claim xl pci-assignable-add $address; done
{ guest_config peer '00:05.0 00:09.0' role=scan && on_second_processor; } >/tmp/peer.cfg
run peer.create xl create -q /tmp/peer.cfg
connect peer 3

phase subject
for address in 0000:00:06.0 0000:00:08.0; do claim_alone $address; done
serve --stages /tmp/stages.json
{ guest_config subject '00:06.0 00:08.0' role=scan && on_second_processor; } >/tmp/subject.cfg
follow /tmp/serve.log serve.log
for guest in subject peer; do follow "$(guest_log $guest)" $guest-console.log; done
run subject.create xl create -q /tmp/subject.cfg
connect subject 4
fact peer.driver "$(back_end_of peer)"
fact subject.driver "$(back_end_of subject)"

phase scans
round=0
while [ $round -lt "$LAB_ROUNDS" ]; do
  measure scan subject 4 && measure scan peer 3 || break
  measure reads subject 4 && measure reads peer 3 || break
  round=$((round + 1))
done

# Scans while dom0's processor is wanted by others, too: nobody may be given up on.
phase loaded
busy=
for one in 1 2; do
  while :; do :; done &
  busy="$busy $!"
done
round=0
while [ $round -lt "$LAB_LOADED" ]; do
  measure loaded subject 4 && measure loaded peer 3 || break
  round=$((round + 1))
done
kill $busy

if [ "$LAB_ATTACHES" -gt 0 ]; then
  phase attaches
  # What a guest has found again by itself (sysfs) no driver must touch: Linux gives such a function new addresses, which
  # no back end lets through, ours no more than the kernel's, and would reach for registers where none are. pcifront,
  # which looks for what is attached, leaves the addresses as they are. So each guest loses its function first.
  detach_measured subject 4 00:08.0 && ask 4 load nvme
  detach_measured peer 3 00:09.0 && ask 3 load nvme
  round=0
  while [ $round -lt "$LAB_ATTACHES" ]; do
    measure_attach subject 4 00:08.0 && measure_attach peer 3 00:09.0 || break
    round=$((round + 1))
  done
fi
for guest in subject peer; do fact "given-up.$guest" "$(grep -c 'not responding' "$(guest_log $guest)")"; done

phase destroy
run destroy xl destroy subject
xl destroy peer
end_serve
[ -e /tmp/stages.json ] && cp /tmp/stages.json /lab/stages.json
fact end reached
phase end
