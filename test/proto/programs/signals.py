"""Asks for a signal at each of edu's interrupts, and takes it while the source stays masked, as proto(4)'s page imagines it."""
import fcntl, os, signal, struct, sys

folder, kind = sys.argv[1:3]
PROTO_IOC_SIGNAL = 0xC0106880
WANTED = signal.SIGRTMIN + 1
signal.pthread_sigmask(signal.SIG_BLOCK, [WANTED])
config, bar, irq = (os.open(os.path.join(folder, name), os.O_RDWR) for name in ("pcicfg", "10.mem", kind))
command, = struct.unpack("=H", os.pread(config, 2, 4))
os.pwrite(config, struct.pack("=H", command | 6), 4)
fcntl.ioctl(irq, PROTO_IOC_SIGNAL, struct.pack("=IIQ", WANTED, 0, 7))
for _ in range(2):
    os.pwrite(bar, struct.pack("=I", 1), 0x60)
    info = signal.sigtimedwait([WANTED], 30)
    count, = struct.unpack("=I", os.read(irq, 4))
    print("signal", info.si_signo == WANTED, "code", info.si_code, "count", count)
    os.pwrite(bar, struct.pack("=I", 1), 0x64)
    os.write(irq, struct.pack("=I", 1))
os.close(irq)
os.pwrite(bar, struct.pack("=I", 1), 0x60)
print("after close", signal.sigtimedwait([WANTED], 0.05))
