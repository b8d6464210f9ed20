/* One function takes most of the time, on one line. For tests/e2e/run_nsys_real.sh and tools/gpu_check.sh. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static uint64_t hot(uint64_t x, long rounds)
{
    for (long i = 0; i < rounds; i++)
        x = x * 6364136223846793005u + (x >> 7) % 97; /* PLANTED */
    return x;
}

__attribute__((noinline)) static uint64_t cold(uint64_t x, long rounds)
{
    for (long i = 0; i < rounds; i++)
        x ^= x << 3;
    return x;
}

int main(int argc, char **argv)
{
    uint64_t x = 1;
    long rounds = argc > 1 ? atol(argv[1]) : 0;
    if (rounds <= 0) {
        fprintf(stderr, "no such input\n");
        return 3;
    }
    for (long i = 0; i < rounds; i++)
        x = cold(hot(x, 10000000), 3000000);
    printf("%llu\n", (unsigned long long)x);
    return 0;
}
