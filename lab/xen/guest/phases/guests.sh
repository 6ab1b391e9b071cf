# Three guests at once with a function each; then functions go from guest to guest, into slots that are asked for, and
# leave in any order, by xl and by our tool stack.
modprobe xen-pciback
serve
store before
claim claim.nvme 0000:00:08.0
claim claim.e1000e 0000:00:07.0
claim claim.ahci 0000:00:0a.0
make() { # GUEST SPEC
  guest_config "$1" "$2" drivers=nvme:e1000e:ahci >"/tmp/$1.cfg"
  run "$1.create" xl create -q "/tmp/$1.cfg"
  born "$1"
}
make one 00:08.0
make two 00:07.0
make three 00:0a.0
follow "$(guest_log one)" one-console.log
connect one 3
connect two 4
connect three 5
prove one 3 nvme
prove two 4 e1000e
prove three 5 ahci
store three

# All to one guest. Where each is on its list: nvme, ahci, e1000e.
run two.detach xl pci-detach two 00:07.0
detach three.detach three 00:0a.0
attach one.ahci one 00:0a.0@1f
run one.e1000e xl pci-attach one 00:07.0,vslot=9
ask 3 functions 3 && fact all.functions "$heard"
xl pci-list one | facts all.list
prove all.ahci 3 ahci
prove all.e1000e 3 e1000e

# The middle one of three leaves and comes back as the last; then the middle one again, the first, and the last.
run middle-by-xl xl pci-detach one 00:0a.0
ask 3 functions 2 && fact middle-by-xl.functions "$heard"
prove middle-by-xl.nvme 3 nvme
prove middle-by-xl.e1000e 3 e1000e
run back-by-xl xl pci-attach one 00:0a.0
ask 3 functions 3 && fact back-by-xl.functions "$heard"
detach middle-by-us one 00:07.0
ask 3 functions 2 && fact middle-by-us.functions "$heard"
prove middle-by-us.nvme 3 nvme
prove middle-by-us.ahci 3 ahci
run first-by-xl xl pci-detach one 00:08.0
ask 3 functions 1 && fact first-by-xl.functions "$heard"
detach last-by-us one 00:0a.0
ask 3 functions 0 && fact last-by-us.functions "$heard"

# What one had the others get.
attach two.nvme two 00:08.0
run three.e1000e xl pci-attach three 00:07.0
prove two.nvme 4 nvme
prove three.e1000e 5 e1000e
for each in one two three; do run "$each.destroy" xl destroy "$each"; done
exec 3>&- 4>&- 5>&-
none_served
unfollow
store after
for one in 08 07 0a; do
  pool_state "0000:00:$one.0" "pool.$one"
  release "release.$one" "0000:00:$one.0"
done
await 10 disk_ready 0000:00:08.0
