/*
 * Raises an eventfd again and again, and its value is the time: whoever reads it knows how long it took.
 * Usage: ring FD COUNT MICROSECONDS: a pause of so many microseconds before each.
 *        ring poll COUNT MICROSECONDS: with a child of its own that waits in poll(2) and prints nanoseconds of each.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static int ring(int bell, long count, long pause)
{
	struct timespec wait = { 0, pause * 1000 };
	for (; count > 0; count--) {
		uint64_t time;
		nanosleep(&wait, NULL);
		time = now();
		if (write(bell, &time, sizeof time) != sizeof time)
			return 1;
	}
	return 0;
}

static int hear(int bell, long count)
{
	for (; count > 0; count--) {
		struct pollfd poller = { bell, POLLIN, 0 };
		uint64_t time, heard;
		/* Two writes before one read are one count, and no time: fewer come than were written. */
		if (poll(&poller, 1, 1000) != 1)
			return 0;
		if (read(bell, &time, sizeof time) != sizeof time)
			return 1;
		heard = now();
		if (time <= heard)
			printf("%llu\n", (unsigned long long)(heard - time));
	}
	return 0;
}

int main(int argc, char **argv)
{
	int bell;
	if (argc != 4)
		return 2;
	if (strcmp(argv[1], "poll") != 0)
		return ring(atoi(argv[1]), atol(argv[2]), atol(argv[3]));
	bell = eventfd(0, 0);
	if (bell < 0)
		return 1;
	if (fork() == 0)
		return ring(bell, atol(argv[2]), atol(argv[3]));
	return hear(bell, atol(argv[2]));
}
