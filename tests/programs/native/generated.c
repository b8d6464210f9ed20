/*
 * Code made at run time, as a just-in-time compiler does: one function copied into two anonymous
 * pages, and the list of names beside it, /tmp/perf-PID.map. argv[1]: the Python file it says the
 * first of them comes from.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CODE = 256
};

typedef unsigned Spin(unsigned n);

__attribute__((noinline, aligned(64))) static unsigned spin(unsigned n)
{
    unsigned s = 1;
    for (unsigned i = 0; i < n; i++) {
        s ^= s << 13;
        s ^= s >> 17;
        s += i;
    }
    return s;
}

static Spin *copy_code(void)
{
    char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, (const char *)spin, CODE);
    return (Spin *)page;
}

__attribute__((noinline)) static unsigned run(Spin *code, unsigned n)
{
    return code(n) + 1;
}

int main(int argc, char **argv)
{
    char path[64];
    Spin *python = copy_code(), *java = copy_code();
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    FILE *map = fopen(path, "w");
    if (!map || argc < 2)
        return 1;
    fprintf(map, "%lx %x py::hot:%s\n", (unsigned long)python, CODE, argv[1]);
    fprintf(map, "%lx %x Outer::run->Inner::step\n", (unsigned long)java, CODE);
    fclose(map);
    unsigned sum = 0;
    for (int i = 0; i < 200; i++)
        sum += run(python, 1000000) + run(java, 300000) + run(spin, 100000);
    printf("%s %u\n", path, sum);
    return 0;
}
