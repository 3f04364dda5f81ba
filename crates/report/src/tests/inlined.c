/* The lines of the three marked places are known to a test. */
#include <stdio.h>

static inline __attribute__((always_inline)) int innermost(int x)
{
	return x * 7 / 3 + *(volatile int *)&x; /* line 6 */
}

static inline __attribute__((always_inline)) int middle(int x)
{
	return innermost(x + 1) - 5; /* line 11 */
}

__attribute__((noinline, visibility("default"))) int exported_outer(int x)
{
	return middle(x) ^ 3; /* line 16 */
}

static __attribute__((noinline)) int hidden_static(int x)
{
	return printf("%d\n", x);
}

int main(int argc, char **argv)
{
	(void)argv;
	return exported_outer(argc) + hidden_static(argc);
}
