#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) unsigned mix(unsigned x)
{
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}
__attribute__((noinline)) unsigned hot(unsigned n)
{
    unsigned s = 1;
    for (unsigned i = 0; i < n; i++)
        s += mix(s + i);
    return s;
}
__attribute__((noinline)) char *leak(size_t n)
{
    char *p = malloc(n);
    memset(p, 1, n);
    return p;
}
__attribute__((noinline)) unsigned rec(int d)
{
    if (d == 0)
        return hot(200000);
    return rec(d - 1) + 1;
}
int main(void)
{
    unsigned r = 0;
    for (int i = 0; i < 100; i++) {
        char *p = leak(1024 * (i + 1));
        if (i % 2)
            free(p);
        r += rec(5) + hot(300000);
    }
    printf("%u\n", r);
    return 0;
}
