/*
 * Reads 4 bytes at offset 0 of a file again and again, one pread(2) each.
 * Usage: reader FILE COUNT; prints nanoseconds of one, on average.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec start, end;
	uint32_t value;
	long count, done;
	int file;
	if (argc != 3)
		return 2;
	count = atol(argv[2]);
	file = open(argv[1], O_RDWR);
	if (file < 0) {
		file = open(argv[1], O_RDONLY);
		if (file < 0) {
			perror(argv[1]);
			return 1;
		}
	}
	for (done = 0; done < 1000; done++)
		if (pread(file, &value, 4, 0) != 4) {
			perror("pread");
			return 1;
		}
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (done = 0; done < count; done++)
		if (pread(file, &value, 4, 0) != 4)
			return 1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.1f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count);
	return 0;
}
