/* jansson_load FILE: what a plain load of a whole JSON file costs. cc -O2 jansson_load.c -ljansson */
#include <jansson.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *root = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
    if (!root) {
        fprintf(stderr, "%s\n", argc == 2 ? error.text : "usage: jansson_load FILE");
        return 1;
    }
    printf("%zu\n", json_array_size(json_object_get(root, "profiles")));
    return 0; /* the tree is left to the end of the process, as a reader in a child would */
}
