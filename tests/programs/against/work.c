/* Two hot lines, of which the change makes one cheap. */
#include <stdio.h>
#include <stdlib.h>

static unsigned steady(unsigned n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += i * 7 % 13; /* STEADY */
    return sum;
}

static unsigned slow(unsigned n)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum = sum * 31 / 7 % 1009 * 17 / 3 % 1013 + i; /* SLOW */
    return sum;
}

int main(int argc, char **argv)
{
    unsigned sum = 0, rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
    for (unsigned i = 0; i < rounds; i++)
        sum += steady(400000) + slow(100000);
    printf("%u\n", sum);
    return 0;
}
