# serve is killed again and again (LAB_KILLS) under a guest that reads its disk in a loop, at moments that differ: while the guest does
# nothing with its bus, and while it looks for devices on it. In the first rounds it is started then, in the others the
# next one waits already. Then it is told to stop, and a guest dies with nobody there.
rounds=$LAB_KILLS
fact rounds "$rounds"
# The others wait already: two of them at least.
cold_rounds=$((rounds - 2))
[ $cold_rounds -le 4 ] || cold_rounds=4
fact cold $cold_rounds
main=/openslot/dist/src/command/main.js

start_serve() { # OPTIONS...: behind what was said before; nobody waits
  node $main serve $allowed "$@" >>/tmp/serve.log 2>&1 &
  next_id=$!
}
waiting() { [ "$(grep -c '^waiting' /tmp/serve.log)" -ge "$1" ]; }
resumed() { [ "$(grep -c 'served on after a restart' /tmp/serve.log)" -ge "$1" ]; }
# One that is killed early has not said it: what counts is what is said after the end of the one before.
readies() { grep -c '^ready' /tmp/serve.log; }
begun() { [ "$(readies)" -gt "$said" ]; }
uptime_now() { cut -d' ' -f1 /proc/uptime; }

modprobe xen-pciback
serve
store before
claim claim.nvme 0000:00:08.0
claim claim.e1000e 0000:00:07.0
guest_config restart 00:08.0 drivers=nvme:e1000e >/tmp/restart.cfg
follow "$(guest_log restart)" restart-console.log
run create xl create -q /tmp/restart.cfg
born restart
connect restart 3
ask 3 disk && fact md5.before "$heard"
ask 3 loop "$heard"

round=1
while [ $round -le $rounds ]; do
  if [ $round -gt $cold_rounds ]; then
    start_serve --wait
    await 30 waiting $((round - cold_rounds)) || break
  fi
  if [ $((round % 2)) = 0 ]; then
    echo rescan >&3
    # From the scan's first accesses to beyond its last.
    sleep "0.$((round % 10))$((round / 10))"
  fi
  killed=$(uptime_now)
  kill -KILL $serve_id
  wait $serve_id
  said=$(readies)
  [ $round -gt $cold_rounds ] || start_serve
  serve_id=$next_id
  # Its first access waits until there is somebody to answer it.
  [ $((round % 2)) = 0 ] || echo touch >&3
  if [ $((round % 2)) = 0 ]; then hear 3 "U rescan "; else hear 3 "U touch "; fi
  fact waited "$round $heard"
  [ $round != $cold_rounds ] || cp "$(guest_log restart)" "$lab/cold-console.log"
  await 30 resumed $round || break
  fact resumed "$round $killed $(uptime_now)"
  round=$((round + 1))
done
fact killed $((round - 1))
await 30 begun
ask 3 looped && fact loop.killed "$heard"
cp "$(guest_log restart)" "$lab/killed-console.log"

# Told to stop, it leaves the guest alone; the next one is asked for more.
kill -TERM $serve_id
wait $serve_id
fact stop.code $?
fact stop.said "$(grep -o 'guest [0-9]* keeps .*' /tmp/serve.log)"
fact stop.probing "$(cat /sys/bus/xen-backend/drivers_autoprobe)"
ask 3 looped && fact loop.stopped "$heard"
said=$(readies)
start_serve
serve_id=$next_id
await 30 resumed $((rounds + 1)) && fact stop.resumed yes
await 30 begun
pool_state 0000:00:08.0 pool.resumed
attach attach restart 00:07.0
prove attached 3 e1000e
detach detach restart 00:07.0
ask 3 functions 1 && fact detached.functions "$heard"
ask 3 end-loop && fact loop.end "$heard"
ask 3 disk && fact md5.after "$heard"

# Nobody is there when the guest dies, and the tool stack waits for an answer in vain.
kill -KILL $serve_id
wait $serve_id
run destroy xl destroy restart
exec 3>&-
fact records.dead $(ls /run/openslot | grep -c guest)
said=$(readies)
start_serve
serve_id=$next_id
await 30 begun
pool_free() { [ "$(owner state 0000:00:08.0)" = free ]; }
await 20 pool_free
pool_state 0000:00:08.0 pool.after
pool_state 0000:00:07.0 pool.second
fact records.after $(ls /run/openslot | grep -c guest)
none_served
unfollow
cp "$(guest_log restart)" "$lab/restart-console.log"
store after
cp /tmp/serve.log "$lab/serve.log"
release release.nvme 0000:00:08.0
release release.e1000e 0000:00:07.0
await 10 disk_ready 0000:00:08.0
fact md5.host "$(disk_md5 0000:00:08.0)"
