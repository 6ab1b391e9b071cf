/*
 * Loads and stores of 32 bits to a mapped file, as C's volatile makes them.
 * Usage: volatile FILE COUNT; prints nanoseconds of one load, and of one store.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int argc, char **argv)
{
	volatile uint32_t *registers;
	double start, middle, end;
	uint32_t sum = 0;
	long count, done;
	int file;
	if (argc != 3)
		return 2;
	count = atol(argv[2]);
	file = open(argv[1], O_RDWR);
	if (file < 0)
		return 1;
	registers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (registers == MAP_FAILED)
		return 1;
	start = now();
	for (done = 0; done < count; done++)
		sum += registers[done & 255];
	middle = now();
	for (done = 0; done < count; done++)
		registers[done & 255] = (uint32_t)done;
	end = now();
	printf("%.3f %.3f %u\n", (middle - start) / count, (end - middle) / count, sum);
	return 0;
}
