/* Stops in the deepest frame of a stack of a chosen kind, until its standard input is closed.
 * The functions are named after their depth; a test reads where they lie from the symbol table. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int sink;

__attribute__((noinline)) void leaf(void)
{
	char byte;
#ifdef SAVE_ALL
	__asm__ volatile("" ::: "rbx", "rbp", "r12", "r13", "r14", "r15");
#endif
	while (read(0, &byte, 1) > 0)
		;
	sink++;
}

__attribute__((noinline)) static int compare(const void *a, const void *b)
{
	leaf();
	sink++;
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void callback(void)
{
	int values[] = {3, 1, 2};
	qsort(values, 3, sizeof values[0], compare);
	sink++;
}

__attribute__((noinline)) static void on_signal(int number)
{
	(void)number;
	leaf();
	sink++;
}

__attribute__((noinline)) static void interrupted(void)
{
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	sink++;
}

/* An aligned local of dynamic size makes gcc realign the stack and find its CFA through memory. */
__attribute__((noinline)) static void realigned(int n)
{
	_Alignas(64) char buffer[64];
	char *more = __builtin_alloca(n);
	memset(buffer, n, sizeof buffer);
	memset(more, n, n);
	sink += ((uintptr_t)buffer & 63) + more[n / 2];
	leaf();
	sink += buffer[n & 63];
}

__attribute__((noinline)) static void deep(int n)
{
	if (n)
		deep(n - 1);
	else
		leaf();
	sink++;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	if (!strcmp(kind, "callback"))
		callback();
	else if (!strcmp(kind, "signal"))
		interrupted();
	else if (!strcmp(kind, "realigned"))
		realigned(argc * 100);
	else if (!strcmp(kind, "deep"))
		deep(40);
	else if (!strcmp(kind, "deeper"))
		deep(4000);
	sink++;
	return 0;
}
