/* Sorts with libc's qsort for as many seconds as the argument says: nearly all time is spent in a comparison
 * that libc calls back, so that a stack has to cross libc, which is built without frame pointers, to reach main. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	for (int i = 0; i < 20; i++) {
		x = x * 1664525u + 1013904223u;
		y = y * 1664525u + 1013904223u;
		__asm__ volatile("" : "+r"(x), "+r"(y));
	}
	return x < y ? -1 : x > y;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	enum { N = 20000 };
	static uint32_t values[N];
	double end = now() + (argc > 1 ? atof(argv[1]) : 1);
	uint32_t seed = 1;
	while (now() < end) {
		for (int i = 0; i < N; i++)
			values[i] = seed = seed * 1103515245u + 12345u;
		qsort(values, N, sizeof values[0], compare);
	}
	printf("%u\n", values[N / 2]);
	return 0;
}
