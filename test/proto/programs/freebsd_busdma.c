/*
 * Drives edu's DMA engine through proto(4)'s files, as a program for FreeBSD does: its requests, its structures, its
 * numbers. Nothing in it knows that the files are openslot's. One argument: the device's folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct proto_ioc_region {
	unsigned long address;
	unsigned long size;
};

#define PROTO_IOC_REGION _IOWR('h', 1, struct proto_ioc_region)

struct proto_ioc_busdma {
	unsigned int request;
	unsigned long key;
	union {
		struct {
			unsigned long align;
			unsigned long bndry;
			unsigned long maxaddr;
			unsigned long maxsz;
			unsigned long maxsegsz;
			unsigned int nsegs;
			unsigned int datarate;
			unsigned int flags;
		} tag;
		struct {
			unsigned long tag;
			unsigned int flags;
			unsigned long virt_addr;
			unsigned long virt_size;
			unsigned int phys_nsegs;
			unsigned long phys_addr;
			unsigned long bus_addr;
			unsigned int bus_nsegs;
		} md;
		struct {
			unsigned int op;
			unsigned long base;
			unsigned long size;
		} sync;
	} u;
	unsigned long result;
};

#define PROTO_IOC_BUSDMA _IOWR('h', 2, struct proto_ioc_busdma)

enum { TAG_CREATE = 1, TAG_DERIVE, TAG_DESTROY, MEM_ALLOC = 10, MEM_FREE, MD_CREATE = 20, MD_DESTROY, MD_LOAD,
	MD_UNLOAD = 29, SYNC = 30 };
enum { PREREAD = 1, POSTREAD = 2, PREWRITE = 4, POSTWRITE = 8 };

static int config, bar, busdma;
static struct proto_ioc_busdma ioc;

static void
fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void
expect(const char *what, int condition)
{
	if (!condition) {
		printf("%s\n", what);
		exit(1);
	}
}

static int
open_file(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDWR);
	if (fd == -1)
		fail(path);
	return (fd);
}

static void
request(unsigned int number)
{
	ioc.request = number;
	if (ioctl(busdma, PROTO_IOC_BUSDMA, &ioc) == -1) {
		printf("request %u: %s\n", number, strerror(errno));
		exit(1);
	}
}

static void
refused(unsigned int number, unsigned long key, int error)
{
	ioc.request = number;
	ioc.key = key;
	if (ioctl(busdma, PROTO_IOC_BUSDMA, &ioc) != -1 || errno != error) {
		printf("request %u: not refused with %s\n", number, strerror(error));
		exit(1);
	}
}

static void
write_register(off_t offset, uint64_t value)
{
	if (pwrite(bar, &value, 8, offset) != 8)
		fail("pwrite");
}

static void
transfer(unsigned long from, unsigned long to, unsigned long bytes, unsigned int command)
{
	uint32_t running;

	write_register(0x80, from);
	write_register(0x88, to);
	write_register(0x90, bytes);
	write_register(0x98, command | 1);
	do {
		if (pread(bar, &running, 4, 0x98) != 4)
			fail("pread");
	} while (running & 1);
}

static unsigned long
create_tag(unsigned int number, unsigned long parent, unsigned long align, unsigned long size)
{
	memset(&ioc, 0, sizeof(ioc));
	ioc.key = parent;
	ioc.u.tag.align = align;
	ioc.u.tag.maxaddr = 0xfffffff;
	ioc.u.tag.maxsz = size;
	ioc.u.tag.maxsegsz = size;
	ioc.u.tag.nsegs = 1;
	request(number);
	return (ioc.result);
}

int
main(int argc, char *argv[])
{
	struct proto_ioc_region region;
	uint16_t command;
	char byte;

	if (argc != 2)
		return (2);
	config = open_file(argv[1], "pcicfg");
	bar = open_file(argv[1], "10.mem");
	busdma = open_file(argv[1], "busdma");

	if (ioctl(bar, PROTO_IOC_REGION, &region) == -1)
		fail("PROTO_IOC_REGION");
	expect("the BAR has a mebibyte", region.size == 0x100000 && region.address != 0);
	expect("busdma is no region", ioctl(busdma, PROTO_IOC_REGION, &region) == -1 && errno == EINVAL);
	expect("pcicfg has no DMA", ioctl(config, PROTO_IOC_BUSDMA, &ioc) == -1 && errno == EINVAL);
	expect("busdma has no data", read(busdma, &byte, 1) == -1 && errno == EIO);

	if (pread(config, &command, 2, 4) != 2)
		fail("command register");
	command |= 6;
	if (pwrite(config, &command, 2, 4) != 2)
		fail("command register");

	/* Memory for the device, mapped by its physical address. */
	unsigned long root = create_tag(TAG_CREATE, 0, 1, 0x10000);
	unsigned long tag = create_tag(TAG_DERIVE, root, 4096, 8192);
	expect("the boundary is none", ioc.u.tag.bndry == 0xffffffff);
	memset(&ioc, 0, sizeof(ioc));
	ioc.u.md.tag = tag;
	request(MEM_ALLOC);
	unsigned long md = ioc.result;
	unsigned long bus = ioc.u.md.bus_addr;
	expect("one segment", ioc.u.md.phys_nsegs == 1 && ioc.u.md.bus_nsegs == 1 && ioc.u.md.virt_size == 8192);
	char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, busdma, ioc.u.md.phys_addr);
	if (memory == MAP_FAILED)
		fail("mmap");
	strcpy(memory, "out of its memory and back into it");
	ioc.key = md;
	ioc.u.sync.op = PREWRITE | PREREAD;
	request(SYNC);
	transfer(bus, 0x40000, 64, 0);
	transfer(0x40000, bus + 4096, 64, 2);
	ioc.key = md;
	ioc.u.sync.op = POSTWRITE | POSTREAD;
	request(SYNC);
	expect("the memory came back", strcmp(memory, memory + 4096) == 0);

	/* Memory of the program. */
	char *own = malloc(5000);
	memset(own, 'x', 5000);
	memset(&ioc, 0, sizeof(ioc));
	ioc.u.md.tag = tag;
	request(MD_CREATE);
	unsigned long map = ioc.result;
	refused(SYNC, map, ENXIO);
	refused(MD_UNLOAD, map, ENXIO);
	ioc.key = map;
	ioc.u.md.virt_addr = (unsigned long)own;
	ioc.u.md.virt_size = 5000;
	request(MD_LOAD);
	bus = ioc.u.md.bus_addr;
	ioc.u.sync.op = PREREAD;
	request(SYNC);
	transfer(0x40000, bus + 4000, 64, 2);
	ioc.u.sync.op = POSTREAD;
	request(SYNC);
	expect("the program's memory was written", strcmp(own + 4000, memory) == 0 && own[3999] == 'x');

	/* Refusals. */
	refused(TAG_DESTROY, root, EBUSY);
	refused(TAG_DESTROY, tag, EBUSY);
	refused(MEM_FREE, map, ENXIO);
	refused(MD_DESTROY, md, ENXIO);
	refused(MEM_FREE, 12345, EINVAL);
	refused(31, md, EINVAL);
	ioc.key = map;
	request(MD_UNLOAD);
	request(MD_DESTROY);
	ioc.key = md;
	request(MEM_FREE);
	refused(MEM_FREE, md, EINVAL);
	ioc.key = tag;
	request(TAG_DESTROY);
	ioc.key = root;
	request(TAG_DESTROY);
	printf("done\n");
	return (0);
}
