/* Keeps as many threads busy as the second argument says, for as many seconds as the first. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static double end;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void *spin(void *arg)
{
	volatile uint64_t x = 1;
	while (now() < end)
		for (int i = 0; i < 100000; i++)
			x = x * 6364136223846793005ull + 1;
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int n = argc > 2 ? atoi(argv[2]) : 2;
	end = now() + (argc > 1 ? atof(argv[1]) : 1);
	if (n > 64)
		n = 64;
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, spin, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
