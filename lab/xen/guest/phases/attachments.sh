# A guest that is fit for functions and was made without: cold attach, then hot, by our tool stack and xl by turns; then
# by name.
address=0000:00:08.0
short=00:08.0
second=00:07.0

modprobe xen-pciback
serve
claim claim $address
store before
guest_config live '' drivers=nvme >/tmp/live.cfg
follow "$(guest_log live)" live-console.log
run create xl create -q -p /tmp/live.cfg
born live

# Cold: the function is there when the guest starts.
attach_alone cold live $short
xl unpause live
connect live 3
ask 3 disk && fact cold.md5 "$heard"

detach_alone hot-detach live $short
ask 3 gone && fact hot-detach.left "$heard"
pool_state $address pool.hot
attach hot-attach live $short
ask 3 disk && fact hot-attach.md5 "$heard"
attach second-attach live "$second@5,seize=1"
ask 3 functions 2 && fact second-attach.functions "$heard"
xl pci-list live | facts second-attach.xl
store attached
run xl-detach xl pci-detach live $short
ask 3 gone && fact xl-detach.left "$heard"
run xl-attach xl pci-attach live $short
ask 3 disk && fact xl-attach.md5 "$heard"
detach last-detach live $short
ask 3 gone && fact last-detach.left "$heard"

# By the name that the administrator gave a function, in both tool stacks.
named=00:0d.0
run name.add xl pci-assignable-add -n spare $named
run name.list xl pci-assignable-list -n
attach name.attach live name=spare
ask 3 functions 2 && fact name.attached "$heard"
run name.xl-detach xl pci-detach live name=spare
ask 3 functions 1 && fact name.detached "$heard"
run name.xl-attach xl pci-attach live name=spare
ask 3 functions 2 && fact name.xl-attached "$heard"
store named
detach name.detach live name=spare
ask 3 functions 1 && fact name.left "$heard"
run destroy xl destroy live
exec 3>&-
none_served
unfollow
store after
pool_state $address pool.after
release release $address
release release-second 0000:00:07.0
run name.remove xl pci-assignable-remove spare
fact name.none "$(xl pci-assignable-list -n)"
await 10 disk_ready $address
