"""Drives edu completely through its device files: a factorial by interrupt, DMA both ways.

    openslot proto mount FOLDER --on 'qemu:-device edu' --unsafe-dma 00:01.0      # it has no IOMMU
    python3 examples/edu.py FOLDER/pci0:0:1:0 msi0                                # or intx

With --stay it stops where everything is live, for whoever wants to see what its end leaves behind: nothing.
What the numbers mean: QEMU's docs/specs/edu.rst; FreeBSD's sys/dev/proto/proto_dev.h."""
import fcntl, mmap, os, select, struct, sys

folder, kind = sys.argv[1:3]
PROTO_IOC_BUSDMA = 0xC0586802
TAG_CREATE, MEM_ALLOC = 1, 10

FACTORIAL, STATUS, INTERRUPT_STATUS, ACKNOWLEDGE = 0x08, 0x20, 0x24, 0x64
DMA_SOURCE, DMA_DESTINATION, DMA_COUNT, DMA_COMMAND = 0x80, 0x88, 0x90, 0x98
INTERRUPT_WHEN_COMPUTED = 0x80
RUN, TO_MEMORY, INTERRUPT_WHEN_DONE = 1, 2, 4
BUFFER = 0x40000
REACHED = 0xFFFFFFF  # edu has 28 address lines


def device_file(name):
    return os.open(os.path.join(folder, name), os.O_RDWR)


config, bar = device_file("pcicfg"), device_file("10.mem")


def read32(offset):
    return struct.unpack("=I", os.pread(bar, 4, offset))[0]


def write32(offset, value):
    os.pwrite(bar, struct.pack("=I", value), offset)


def write64(offset, value):
    os.pwrite(bar, struct.pack("=Q", value), offset)


# Memory decoding and bus mastering, in Command.
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
    write32(ACKNOWLEDGE, read32(INTERRUPT_STATUS))
    os.write(irq, struct.pack("=I", 1))
    return count


write32(STATUS, INTERRUPT_WHEN_COMPUTED)
write32(FACTORIAL, 10)
print("interrupts", interrupt())
print("10! =", read32(FACTORIAL))
assert poll.poll(20) == [], "its cause is gone"

busdma = device_file("busdma")


def request(number, body):
    argument = bytearray(struct.pack("@IL64sL", number, 0, body, 0))
    fcntl.ioctl(busdma, PROTO_IOC_BUSDMA, argument)
    return argument


# Alignment, boundary, highest address, bytes, bytes of a segment, segments, data rate, flags.
limits = struct.pack("@LLLLLIII", 4096, 0, REACHED, 8192, 8192, 1, 0, 0)
tag, = struct.unpack_from("@L", request(TAG_CREATE, limits), 80)
allocated = request(MEM_ALLOC, struct.pack("@LI", tag, 0))
physical, bus = struct.unpack_from("@LL", allocated, 56)
memory = mmap.mmap(busdma, 8192, offset=physical)


def transfer(source, destination, length, direction):
    write64(DMA_SOURCE, source)
    write64(DMA_DESTINATION, destination)
    write64(DMA_COUNT, length)
    write64(DMA_COMMAND, RUN | INTERRUPT_WHEN_DONE | direction)


if "--stay" in sys.argv:
    transfer(BUFFER, bus, 64, TO_MEMORY)
    print("live", flush=True)
    sys.stdin.read()

memory[0:12] = b"from program"
transfer(bus, BUFFER, 12, 0)
interrupt()
transfer(BUFFER, bus + 4096, 12, TO_MEMORY)
interrupt()
print("memory", memory[4096:4108].decode())
