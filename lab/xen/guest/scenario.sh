# The scenario of `lab xen`, in dom0: one function goes from its driver to a guest and back.
. /openslot/lab/xen/guest/lib.sh
. "/openslot/lab/xen/guest/back-end.$LAB_BACK_END.sh"
address=0000:00:08.0
spec=00:08.0
second=00:07.0
unborn_exported() { [ "$(xenstore-read "/local/domain/0/backend/pci/$1/0/state")" = 3 ]; }

ask() { # WORD: a command to the guest on descriptor 3; the rest of its answer is in $heard
  echo "$1" >&3
  hear 3 "U $1" && heard=${heard# }
}

phase dom0
stack_up
modprobe xen-pciback
modprobe nvme
await 10 disk_ready $address
fact driver.before "$(driver_of $address)"
fact md5.before "$(disk_md5 $address)"

# One after the other: they share the functions of this machine.
suites() { # FILE...
  phase suites
  node --test --test-concurrency=1 --test-reporter=tap "$@" >/tmp/suites.tap 2>&1
  fact suites.code $?
  cp /tmp/suites.tap /lab/suites.tap
}
case $LAB_SUITES in
no) ;;
all) ls /openslot/dist/test/xen-lab/*.lab.js >/dev/null 2>&1 && suites /openslot/dist/test/xen-lab/*.lab.js ;;
*)
  suites "/openslot/dist/test/xen-lab/$LAB_SUITES.lab.js"
  fact end suites
  phase end
  exit 0
  ;;
esac

phase list
lspci -n | facts lspci
[ "$LAB_BACK_END" = openslot ] && run list openslot list

phase claim
claim $address
fact driver.claimed "$(driver_of $address)"

phase serve
follow /tmp/serve.log serve.log
serve
xenstore-ls -fp >/lab/store-before.txt

phase create
guest_config guest $spec disk >/tmp/guest.cfg
follow "$(guest_log guest)" guest-console.log
if run create xl create -q /tmp/guest.cfg; then
  fact guest.id "$(xl domid guest)"
  fact guest.vm "$(xenstore-read "/local/domain/$(xl domid guest)/vm")"
  phase guest
  await 60 grep -q '^U done' "$(guest_log guest)"
  fact back-end.driver "$(back_end_of guest)"
  xenstore-ls -fp >/lab/store-connected.txt
  refusals $address
fi

phase destroy
run destroy xl destroy guest
cp "$(guest_log guest)" /lab/guest-console.log
xenstore-ls -fp >/lab/store-after.txt
pool_state $address pool.after

# A guest that dies before its front end has said a word.
phase unborn
guest_config unborn $spec none >/tmp/unborn.cfg
run unborn.create xl create -q -p /tmp/unborn.cfg
fact unborn.id "$(xl domid unborn)"
await 10 unborn_exported "$(xl domid unborn)"
fact unborn.state "$(xenstore-read "/local/domain/0/backend/pci/$(xl domid unborn)/0/state")"
fact unborn.vm "$(xenstore-read "/local/domain/$(xl domid unborn)/vm")"

# A guest that is fit for functions and has none: another one has the function now.
phase live
guest_config live '' live >/tmp/live.cfg
follow "$(guest_log live)" live-console.log
run live.create xl create -q -p /tmp/live.cfg
fact live.id "$(xl domid live)"
fact live.vm "$(xenstore-read "/local/domain/$(xl domid live)/vm")"
attach_refusals live
run unborn.destroy xl destroy unborn
sleep 1
xenstore-ls -fp >/lab/store-unborn.txt
pool_state $address pool.unborn

# Cold: the function is there when the guest starts. Then hot, by turns with xl.
phase cold
attach cold live $spec
xl unpause live
connect live 3
ask disk && fact cold.md5 "$heard"

phase hot
detach hot-detach live $spec
ask gone && fact hot-detach.left "$heard"
pool_state $address pool.hot
attach hot-attach live $spec
ask disk && fact hot-attach.md5 "$heard"
attach second-attach live "$second@5,seize=1"
ask functions && fact second-attach.functions "$heard"
xl pci-list live | facts second-attach.xl
xenstore-ls -fp >/lab/store-attached.txt
run xl-detach xl pci-detach live $spec
ask gone && fact xl-detach.left "$heard"
run xl-attach xl pci-attach live $spec
ask disk && fact xl-attach.md5 "$heard"
detach last-detach live $spec
ask gone && fact last-detach.left "$heard"
run live.destroy xl destroy live
sleep 1
xenstore-ls -fp >/lab/store-live.txt
pool_state $address pool.live

phase release
release $address
await 10 disk_ready $address
fact driver.after "$(driver_of $address)"
fact md5.after "$(disk_md5 $address)"
end_serve
fact end reached
phase end
