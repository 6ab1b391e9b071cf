# xen-pciback is not loaded: functions are held by having no driver, and our own tool stack does what xl would.
[ -e /sys/module/xen_pciback ] && rmmod xen-pciback
fact pciback "$([ -e /sys/module/xen_pciback ] && echo loaded || echo absent)"
serve
store before
claim claim.nvme 0000:00:08.0
# No driver of dom0 ever had this one: nobody has asked the kernel yet where its pin leads to.
claim claim.e1000 0000:00:0d.0
fact nvme.holder "$(driver_of 0000:00:08.0)"
run xl-refuses xl pci-assignable-add 00:07.0

guest_config alone '' drivers=nvme:e1000 >/tmp/alone.cfg
follow "$(guest_log alone)" alone-console.log
run create xl create -q -p /tmp/alone.cfg
born alone
attach attach.nvme alone 00:08.0
xl unpause alone
connect alone 3
prove nvme 3 nvme
attach attach.e1000 alone 00:0d.0
prove e1000 3 e1000
store attached
detach detach.nvme alone 00:08.0
ask 3 functions 1 && fact detach.nvme.functions "$heard"
pool_state 0000:00:08.0 pool.nvme
attach again alone 00:08.0
prove again 3 nvme
detach detach.e1000 alone 00:0d.0
ask 3 functions 1 && fact detach.e1000.functions "$heard"
run destroy xl destroy alone
exec 3>&-
none_served
unfollow
store after
pool_state 0000:00:08.0 pool.after
release release.nvme 0000:00:08.0
release release.e1000 0000:00:0d.0
await 10 disk_ready 0000:00:08.0
fact driver.after "$(driver_of 0000:00:08.0)"
fact md5.after "$(disk_md5 0000:00:08.0)"
