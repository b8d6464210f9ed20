/* The line LEAK has most bytes at the peak and loses half of them; TEMP makes most allocations. */
#include <stdio.h>
#include <stdlib.h>

static void *kept[200];

static void leak(int i)
{
    kept[i] = malloc(20000); /* LEAK */
}

static long temporary(int n)
{
    char *text = malloc((size_t)n); /* TEMP */
    long first = text ? text[0] = (char)n : 0;
    free(text);
    return first;
}
int main(void)
{
    long sum = 0;
    for (int i = 0; i < 100; i++)
        leak(i); /* CALL */
    for (int i = 0; i < 5000; i++)
        sum += temporary(100 + i % 7);
    for (int i = 0; i < 50; i++)
        free(kept[i]);
    printf("%ld\n", sum);
    return 0;
}
