# openslot is the back end; xen-pciback, where it is loaded, only holds the function so that libxl finds it. Sourced.
# Steps are asked of one process that stays (owner-session), because a process of Node's costs dom0 seconds; those that
# end in `_alone` are commands as an administrator types them.

claim() { run "$1" owner claim "$2"; } # STEP ADDRESS
claim_alone() { run claim openslot claim "$1"; }

# Lines of this machine are shared four ways, and QEMU's devices have no reset that the kernel knows.
allowed='--allow shared-interrupt,no-reset'

serve_id=
serve_gone() { ! kill -0 "$serve_id"; }
serve_settled() { grep -qw ready /tmp/serve.log || serve_gone; }

serve() { # OPTIONS...: unless it runs already
  [ -n "$serve_id" ] && return
  # Not by the function above: the shell would fork for it, and a signal would end that fork and not Node.
  node /openslot/dist/src/command/main.js serve $allowed "$@" >/tmp/serve.log 2>&1 &
  serve_id=$!
  await 30 serve_settled
  fact serve.ready "$(grep -w -m 1 ready /tmp/serve.log)"
}

end_serve() {
  [ -n "$serve_id" ] || return
  kill -TERM "$serve_id"
  await 15 serve_gone || kill -KILL "$serve_id"
  wait "$serve_id"
  fact serve.code $?
  mv /tmp/serve.log "$lab/serve.log"
  serve_id=
}

session() { # starts the session, on descriptors 8 and 9
  mkfifo /tmp/owner.asked /tmp/owner.answered
  node /openslot/dist/lab/xen/owner-session.js </tmp/owner.asked >/tmp/owner.answered 2>/tmp/owner.log &
  exec 8>/tmp/owner.asked 9</tmp/owner.answered
}

owner() { # REQUEST...: prints the answer; its code is the command's. Not in a subshell, which the session would end with.
  [ -p /tmp/owner.asked ] || session
  echo "$*" >&8
  read -r -t 120 answered answer <&9 || return 1
  echo "$answer"
  return "$answered"
}

pool_state() { # ADDRESS FACT
  owner state "$1" >/tmp/owner.state
  fact "$2" "$(cat /tmp/owner.state)"
}

release() { run "$1" owner release "$2"; } # STEP ADDRESS
release_alone() { run release openslot release "$1"; }

attach() { run "$1" owner attach "$2" "$3"; } # STEP GUEST SPEC
attach_alone() { run "$1" openslot attach "$2" "$3"; }

detach() { run "$1" owner detach "$2" "$3"; } # STEP GUEST SPEC
detach_alone() { run "$1" openslot detach "$2" "$3"; }

refusals() { # ADDRESS: what must be refused while a guest has it
  run second-serve openslot serve
  run claim-again openslot claim "$1"
  run release-taken owner release "$1"
}

attach_refusals() { # GUEST: what must be refused while it has the function
  run attach-taken owner attach "$1" 00:08.0
  run attach-unclaimed owner attach "$1" 00:07.0
  run attach-unknown owner attach nobody 00:08.0
}
