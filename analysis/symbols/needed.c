#include "analysis/symbols/needed.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/path.h"

enum {
    NEEDED_MAX = 1000,
};

typedef struct Reading {
    Arena *arena;
    Str folder; /* of the file */
    Needed *out;
} Reading;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static void close_elf(Elf **elf)
{
    elf_end(*elf);
}

/* $ORIGIN is the file's own folder; the loader knows ${ORIGIN}, too. */
static Str with_origin(const Reading *reading, Str folder)
{
    static const Str WORDS[] = {STR_CONST("$ORIGIN"), STR_CONST("${ORIGIN}")};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (str_starts(folder, WORDS[i]))
            return str_fmt(reading->arena, STR_FMT STR_FMT, STR_ARG(reading->folder),
                           STR_ARG(str_from(folder, WORDS[i].len)));
    return str_copy(reading->arena, folder);
}

static void add_folders(const Reading *reading, Str list)
{
    Str folder;
    while (list.len && reading->out->folders.len < NEEDED_MAX) {
        if (!str_cut(list, ':', &folder, &list)) {
            folder = list;
            list = (Str){0};
        }
        if (folder.len)
            *array_push(reading->arena, &reading->out->folders) = with_origin(reading, folder);
    }
}

static void read_section(const Reading *reading, Elf *elf, Elf_Scn *section)
{
    GElf_Shdr header;
    Elf_Data *data = elf_getdata(section, NULL);
    if (!data || !gelf_getshdr(section, &header) || !header.sh_entsize)
        return;
    size_t count = header.sh_size / header.sh_entsize;
    for (size_t i = 0; i < count && i < INT32_MAX && reading->out->names.len < NEEDED_MAX; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(data, (int)i, &entry) || entry.d_tag == DT_NULL)
            return;
        if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH)
            continue;
        Str text = str_from_c(elf_strptr(elf, header.sh_link, entry.d_un.d_val));
        if (entry.d_tag != DT_NEEDED)
            add_folders(reading, text);
        else if (text.len)
            *array_push(reading->arena, &reading->out->names) = str_copy(reading->arena, text);
    }
}

bool needed_read(Arena *arena, Str path, Needed *out)
{
    Needed needed = {0};
    Reading reading = {.arena = arena, .folder = path_dir(path), .out = &needed};
    elf_version(EV_CURRENT);
    CLEANUP(close_fd) int fd = open(str_cstr(arena, path), O_RDONLY | O_CLOEXEC);
    CLEANUP(close_elf) Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    if (!elf || elf_kind(elf) != ELF_K_ELF)
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC)
            read_section(&reading, elf, section);
    }
    *out = needed;
    return true;
}
