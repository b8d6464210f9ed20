/* Planted costs for callgrind: a hot line, an inlined one from a header, a callee, a recursion. */
#include <stdio.h>

#include "hot.h"

static unsigned long table[4096];

__attribute__((noinline)) static unsigned long grind(unsigned long rounds)
{
    unsigned long sum = 1;
    for (unsigned long step = 0; step < rounds; step++)
        sum += (sum << 3 ^ sum >> 5) * (step | 1) + table[sum & 4095]; /* hot */
    return sum;
}

__attribute__((noinline)) static unsigned long blend(unsigned long rounds)
{
    unsigned long sum = 0;
    for (unsigned long step = 0; step < rounds; step++)
        sum += mix(sum, step);
    return sum;
}

__attribute__((noinline)) static unsigned long fib(unsigned long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(void)
{
    unsigned long sum = grind(1000000);
    sum += blend(300000); /* the call */
    sum += fib(20);
    printf("%lu\n", sum);
    return 0;
}
