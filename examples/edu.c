/*
 * Drives edu completely through its device files: a factorial by interrupt, DMA both ways.
 *
 *     openslot proto mount FOLDER --on 'qemu:-device edu' --unsafe-dma 00:01.0      (it has no IOMMU)
 *     cc -o edu examples/edu.c && ./edu FOLDER/pci0:0:1:0
 *
 * What the numbers mean: QEMU's docs/specs/edu.rst; FreeBSD's sys/dev/proto/proto_dev.h.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct busdma {
	unsigned int request;
	unsigned long key;
	union {
		struct {
			unsigned long align, bndry, maxaddr, maxsz, maxsegsz;
			unsigned int nsegs, datarate, flags;
		} tag;
		struct {
			unsigned long tag;
			unsigned int flags;
			unsigned long virt_addr, virt_size;
			unsigned int phys_nsegs;
			unsigned long phys_addr, bus_addr;
			unsigned int bus_nsegs;
		} md;
		struct {
			unsigned int op;
			unsigned long base, size;
		} sync;
	} u;
	unsigned long result;
};

#define PROTO_IOC_BUSDMA _IOWR('h', 2, struct busdma)
#define TAG_CREATE 1
#define MEM_ALLOC 10

#define IDENTIFICATION 0x00
#define FACTORIAL 0x08
#define STATUS 0x20
#define INTERRUPT_STATUS 0x24
#define ACKNOWLEDGE 0x64
#define DMA_SOURCE 0x80
#define DMA_DESTINATION 0x88
#define DMA_COUNT 0x90
#define DMA_COMMAND 0x98

#define INTERRUPT_WHEN_COMPUTED 0x80
#define RUN 1
#define TO_MEMORY 2
#define INTERRUPT_WHEN_DONE 4
#define BUFFER 0x40000
#define REACHED 0xfffffff /* edu has 28 address lines */
#define PAGES 8192

static const char *folder;
static int bar, irq;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int device_file(const char *name)
{
	char path[512];
	int file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = open(path, O_RDWR);
	if (file < 0)
		fail(path);
	return file;
}

static uint32_t read32(off_t offset)
{
	uint32_t value;

	if (pread(bar, &value, sizeof value, offset) != sizeof value)
		fail("read");
	return value;
}

static void write32(off_t offset, uint32_t value)
{
	if (pwrite(bar, &value, sizeof value, offset) != sizeof value)
		fail("write");
}

static void write64(off_t offset, uint64_t value)
{
	if (pwrite(bar, &value, sizeof value, offset) != sizeof value)
		fail("write");
}

/* Waits for an interrupt, takes its cause away, and lets the next one through. */
static uint32_t interrupt(void)
{
	struct pollfd wait = { .fd = irq, .events = POLLIN };
	uint32_t count, acknowledge = 1;

	if (poll(&wait, 1, 30000) != 1)
		fail("poll");
	if (read(irq, &count, sizeof count) != sizeof count)
		fail("interrupt");
	write32(ACKNOWLEDGE, read32(INTERRUPT_STATUS));
	if (write(irq, &acknowledge, sizeof acknowledge) != sizeof acknowledge)
		fail("acknowledge");
	return count;
}

static void transfer(uint64_t source, uint64_t destination, uint64_t count, uint64_t direction)
{
	write64(DMA_SOURCE, source);
	write64(DMA_DESTINATION, destination);
	write64(DMA_COUNT, count);
	write64(DMA_COMMAND, RUN | INTERRUPT_WHEN_DONE | direction);
	interrupt();
}

int main(int argc, char **argv)
{
	static const char text[] = "from program";
	struct busdma ioc = { .request = TAG_CREATE };
	int config, busdma;
	uint16_t command;
	char *memory;

	if (argc < 2) {
		fprintf(stderr, "Usage: %s FOLDER [intx|msi0]\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	config = device_file("pcicfg");
	bar = device_file("10.mem");
	irq = device_file(argc > 2 ? argv[2] : "msi0");

	/* Memory decoding and bus mastering, in Command. */
	if (pread(config, &command, sizeof command, 4) != sizeof command)
		fail("command");
	command |= 6;
	if (pwrite(config, &command, sizeof command, 4) != sizeof command)
		fail("command");
	printf("identification %#x\n", read32(IDENTIFICATION));

	write32(STATUS, INTERRUPT_WHEN_COMPUTED);
	write32(FACTORIAL, 10);
	printf("interrupts %u\n", interrupt());
	printf("10! = %u\n", read32(FACTORIAL));

	busdma = device_file("busdma");
	ioc.u.tag.align = 4096;
	ioc.u.tag.maxaddr = REACHED;
	ioc.u.tag.maxsz = ioc.u.tag.maxsegsz = PAGES;
	ioc.u.tag.nsegs = 1;
	if (ioctl(busdma, PROTO_IOC_BUSDMA, &ioc) < 0)
		fail("TAG_CREATE");
	ioc.request = MEM_ALLOC;
	ioc.u.md.tag = ioc.result;
	ioc.u.md.flags = 0;
	if (ioctl(busdma, PROTO_IOC_BUSDMA, &ioc) < 0)
		fail("MEM_ALLOC");
	memory = mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, busdma, ioc.u.md.phys_addr);
	if (memory == MAP_FAILED)
		fail("mmap");
	memcpy(memory, text, sizeof text);
	transfer(ioc.u.md.bus_addr, BUFFER, sizeof text, 0);
	transfer(BUFFER, ioc.u.md.bus_addr + 4096, sizeof text, TO_MEMORY);
	printf("memory %s\n", memory + 4096);
	return strcmp(memory + 4096, text) == 0 ? 0 : 1;
}
