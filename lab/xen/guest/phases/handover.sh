# One function goes from its driver to a guest that xl creates, and back; and to a guest that never starts.
address=0000:00:08.0
short=00:08.0
exported() { [ "$(xenstore-read "/local/domain/0/backend/pci/$1/0/state")" = 3 ]; }

modprobe xen-pciback
await 10 disk_ready $address
fact driver.before "$(driver_of $address)"
fact md5.before "$(disk_md5 $address)"
lspci -n | facts lspci
[ "$LAB_BACK_END" = openslot ] && run list openslot list

claim_alone $address
fact driver.claimed "$(driver_of $address)"
serve
store before

guest_config guest $short role=disk >/tmp/guest.cfg
follow "$(guest_log guest)" guest-console.log
if run create xl create -q /tmp/guest.cfg; then
  born guest
  await 60 grep -q '^U done' "$(guest_log guest)"
  fact back-end.driver "$(back_end_of guest)"
  store connected
  refusals $address
fi
run destroy xl destroy guest
unfollow
cp "$(guest_log guest)" "$lab/guest-console.log"
store after
pool_state $address pool.after

# A guest that dies before its front end has said a word.
guest_config unborn $short role=none >/tmp/unborn.cfg
run unborn.create xl create -q -p /tmp/unborn.cfg
born unborn
await 10 exported "$(xl domid unborn)"
fact unborn.state "$(xenstore-read "/local/domain/0/backend/pci/$(xl domid unborn)/0/state")"
attach_refusals unborn
run unborn.destroy xl destroy unborn
none_served
store unborn
pool_state $address pool.unborn

release_alone $address
await 10 disk_ready $address
fact driver.after "$(driver_of $address)"
fact md5.after "$(disk_md5 $address)"
