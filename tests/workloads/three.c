/* Three functions that burn 50, 30 and 20 % of the CPU time, for as many seconds as the argument says.
 *
 * Each runs the same dependent chain of integer operations, so that time is proportional to the rounds. How long one
 * turn takes changes from turn to turn: a fixed length would beat against the sampling interval. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline __attribute__((always_inline)) uint64_t chain(uint64_t x, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

__attribute__((noinline, noclone)) uint64_t half(uint64_t x, unsigned unit) { return chain(x, 5 * unit); }
__attribute__((noinline, noclone)) uint64_t third(uint64_t x, unsigned unit) { return chain(x, 3 * unit); }
__attribute__((noinline, noclone)) uint64_t fifth(uint64_t x, unsigned unit) { return chain(x, 2 * unit); }

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double end = now() + (argc > 1 ? atof(argv[1]) : 1);
	uint64_t x = 88172645463325252ull;
	while (now() < end) {
		unsigned unit = 2000 + x % 16384;
		x = half(x, unit);
		x = third(x, unit);
		x = fifth(x, unit);
	}
	fprintf(stderr, "%llx\n", (unsigned long long)x);
	return 0;
}
