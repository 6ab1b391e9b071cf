# openslot is the back end; xen-pciback only holds the function so that libxl finds it. Sourced.

claim() { run claim openslot claim "$1"; }

serve_gone() { ! kill -0 $serve_id; }

serve_settled() { grep -qw ready /tmp/serve.log || serve_gone; }

serve() { # OPTIONS...
  # Not by the function above: the shell would fork for it, and a signal would end that fork and not Node.
  # Lines of this machine are shared four ways, and QEMU's devices have no reset that the kernel knows.
  node /openslot/dist/src/cli/main.js serve --allow shared-interrupt,no-reset "$@" >/tmp/serve.log 2>&1 &
  serve_id=$!
  await 30 serve_settled
  fact serve.ready "$(grep -w -m 1 ready /tmp/serve.log)"
}

pool_state() { # ADDRESS FACT: the runner reads the state out of the whole list
  openslot list --json | facts "$2"
}

release() { run release openslot release "$1"; }

end_serve() { # OPTIONS...
  kill -TERM $serve_id
  await 15 serve_gone || kill -KILL $serve_id
  wait $serve_id
  fact serve.code $?
  cp /tmp/serve.log /lab/serve.log
}

attach() { run "$1" openslot attach "$2" "$3"; }

detach() { run "$1" openslot detach "$2" "$3"; }

refusals() { # ADDRESS: what must be refused while a guest has it
  run second-serve openslot serve
  run claim-again openslot claim "$1"
  run release-taken openslot release "$1"
}

attach_refusals() { # GUEST: what must be refused while another guest has the function
  run attach-taken openslot attach "$1" 00:08.0
  run attach-unclaimed openslot attach "$1" 00:07.0
  run attach-unknown openslot attach nobody 00:08.0
}
