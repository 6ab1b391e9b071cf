"""Drives edu completely through its device files: a factorial by interrupt, DMA both ways. The folder and `intx` or
`msi0` are its arguments; with `--stay` it says so at the point where everything is live, and waits to be killed."""
import fcntl, mmap, os, select, struct, sys

folder, kind = sys.argv[1:3]
PROTO_IOC_BUSDMA = 0xC0586802
TAG_CREATE, MEM_ALLOC = 1, 10


def device_file(name):
    return os.open(os.path.join(folder, name), os.O_RDWR)


config, bar = device_file("pcicfg"), device_file("10.mem")


def read32(offset):
    return struct.unpack("=I", os.pread(bar, 4, offset))[0]


def write32(offset, value):
    os.pwrite(bar, struct.pack("=I", value), offset)


def write64(offset, value):
    os.pwrite(bar, struct.pack("=Q", value), offset)


command, = struct.unpack("=H", os.pread(config, 2, 4))
os.pwrite(config, struct.pack("=H", command | 6), 4)
print("identification %#x" % read32(0x00))

irq = device_file(kind)
poll = select.poll()
poll.register(irq, select.POLLIN)
assert poll.poll(20) == [], "no interrupt without a cause"


def interrupt():
    """Waits for one, takes its cause away, and lets the next through."""
    assert poll.poll(30000) == [(irq, select.POLLIN)], "no interrupt came"
    count, = struct.unpack("=I", os.read(irq, 4))
    write32(0x64, read32(0x24))
    os.write(irq, struct.pack("=I", 1))
    return count


write32(0x20, 0x80)
write32(0x08, 10)
print("interrupts", interrupt())
print("10! =", read32(0x08))
assert poll.poll(20) == [], "its cause is gone"

busdma = device_file("busdma")


def request(number, body):
    argument = bytearray(struct.pack("@IL64sL", number, 0, body, 0))
    fcntl.ioctl(busdma, PROTO_IOC_BUSDMA, argument)
    return argument


tag, = struct.unpack_from("@L", request(TAG_CREATE, struct.pack("@LLLLLIII", 4096, 0, 0xFFFFFFF, 8192, 8192, 1, 0, 0)), 80)
allocated = request(MEM_ALLOC, struct.pack("@LI", tag, 0))
physical, bus = struct.unpack_from("@LL", allocated, 56)
memory = mmap.mmap(busdma, 8192, offset=physical)


def transfer(source, destination, length, direction):
    write64(0x80, source)
    write64(0x88, destination)
    write64(0x90, length)
    write64(0x98, 1 | 4 | direction)


if "--stay" in sys.argv:
    transfer(0x40000, bus, 64, 2)
    print("live", flush=True)
    sys.stdin.read()

memory[0:12] = b"from program"
transfer(bus, 0x40000, 12, 0)
interrupt()
transfer(0x40000, bus + 4096, 12, 2)
interrupt()
print("memory", memory[4096:4108].decode())
