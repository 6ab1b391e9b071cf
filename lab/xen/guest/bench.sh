# The measurements of `bench xen`, in dom0: two servers of XenStore under the same load by turns; two guests that scan
# their bus by turns, each with another back end behind it.
. /openslot/lab/xen/guest/lib.sh
. "/openslot/lab/xen/guest/back-end.$LAB_BACK_END.sh"

# WHAT NAME FD: one scan, or a run of reads; guest time is a fact, wall time is what the runner sees between the two lines.
measure() {
  echo "LAB $1 $2 begin" >/dev/console
  echo "$1 0000:00:00.0" >&"$3"
  hear "$3" "U $1 " || return 1
  echo "LAB $1 $2 end" >/dev/console
  fact "$1.$2" "$heard"
}

phase dom0
stack_up
modprobe xen-pciback

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

# The peer comes first, while xen-pciback still binds to what xl creates: openslot serve switches that off, and
# leaves alone what a driver of the kernel has.
phase peer
run peer.claim xl pci-assignable-add 0000:00:09.0
guest_config peer 00:09.0 role=scan >/tmp/peer.cfg
run peer.create xl create -q /tmp/peer.cfg
connect peer 3

phase subject
claim_alone 0000:00:08.0
serve --stages /tmp/stages.json
guest_config subject 00:08.0 role=scan >/tmp/subject.cfg
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

phase destroy
run destroy xl destroy subject
xl destroy peer
end_serve
[ -e /tmp/stages.json ] && cp /tmp/stages.json /lab/stages.json
fact end reached
phase end
