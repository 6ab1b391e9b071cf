"""Loads memory of its own for edu, from threads, and memory that it must not be asked for: pages of the very mount."""
import ctypes, errno, fcntl, mmap, os, struct, sys, threading

folder = sys.argv[1]
PROTO_IOC_BUSDMA = 0xC0586802
TAG_CREATE, MD_CREATE, MD_LOAD, MD_UNLOAD, SYNC = 1, 20, 22, 29, 30
PREWRITE = 4
busdma = os.open(os.path.join(folder, "busdma"), os.O_RDWR)


def request(number, key, body):
    argument = bytearray(struct.pack("@IL64sL", number, key, body, 0))
    fcntl.ioctl(busdma, PROTO_IOC_BUSDMA, argument)
    return argument


def result(argument):
    return struct.unpack_from("@L", argument, 80)[0]


def load(address, length):
    return request(MD_LOAD, map, struct.pack("@LILL", 0, 0, address, length))


tag = result(request(TAG_CREATE, 0, struct.pack("@LLLLLIII", 1, 0, 0xFFFFFFF, 8192, 8192, 1, 0, 0)))
map = result(request(MD_CREATE, 0, struct.pack("@LI", tag, 0)))

own = ctypes.create_string_buffer(8192)
thread = threading.Thread(target=load, args=(ctypes.addressof(own), 8192))
thread.start()
thread.join()
request(SYNC, map, struct.pack("@I", PREWRITE))
request(MD_UNLOAD, map, b"")
print("loaded by a thread, synced by another")

config = os.open(os.path.join(folder, "pcicfg"), os.O_RDWR)
pages = mmap.mmap(config, 4096, flags=mmap.MAP_PRIVATE)
address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
try:
    load(address, 4096)
except OSError as error:
    print("pages of the mount:", errno.errorcode[error.errno])
print("identification", os.pread(config, 4, 0).hex())
