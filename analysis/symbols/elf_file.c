#include "analysis/symbols/elf_file.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/symbols/beside.h"
#include "base/attr.h"
#include "base/file.h"
#include "base/path.h"

enum {
    BUILD_ID_MOST = 64,
};

static Str hex_of(Arena *arena, const unsigned char *bytes, size_t len)
{
    char *hex = NEW_ARRAY(arena, char, len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return (Str){hex, len * 2};
}

/* A recorded build id may be padded with zeros. */
static bool same_build_id(Str ours, Str recorded)
{
    Str longer = ours.len > recorded.len ? ours : recorded;
    Str shorter = ours.len > recorded.len ? recorded : ours;
    if (!str_starts(longer, shorter))
        return false;
    for (size_t i = shorter.len; i < longer.len; i++)
        if (longer.ptr[i] != '0')
            return false;
    return shorter.len > 0;
}

static const Dwfl_Callbacks CALLBACKS = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

static bool read_segments(ElfFile *file, Elf *elf)
{
    size_t count = 0;
    if (elf_getphdrnum(elf, &count))
        return false;
    for (size_t i = 0; i < count && file->segments_len < ELF_SEGMENTS_MAX; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD)
            file->segments[file->segments_len++] =
                (ElfSegment){header.p_offset, header.p_filesz, header.p_vaddr};
    }
    GElf_Ehdr header;
    file->fixed = gelf_getehdr(elf, &header) && header.e_type == ET_EXEC;
    return file->segments_len > 0;
}

static ElfFile *open_elf(Arena *arena, Str path, Str build_id, DwarfProblem *problem)
{
    CLEANUP(fd_close) int fd = beside_open(arena, path);
    if (fd < 0)
        return NULL;
    ElfFile *file = NEW(arena, ElfFile);
    file->dwfl = dwfl_begin(&CALLBACKS);
    if (!file->dwfl)
        return NULL;
    /* libdwfl owns the descriptor once it has taken it. */
    file->module = dwfl_report_offline(file->dwfl, "", str_cstr(arena, path), fd);
    if (file->module)
        fd = -1;
    dwfl_report_end(file->dwfl, NULL, NULL);
    Elf *elf = file->module ? dwfl_module_getelf(file->module, &file->elf_bias) : NULL;
    const unsigned char *id;
    GElf_Addr ignored;
    int id_len = elf ? dwfl_module_build_id(file->module, &id, &ignored) : 0;
    bool other = id_len > 0 && id_len <= BUILD_ID_MOST && build_id.len &&
                 !same_build_id(hex_of(arena, id, (size_t)id_len), build_id);
    if (!elf || other || !read_segments(file, elf)) {
        *problem = other ? DWARF_OTHER_FILE : *problem;
        dwfl_end(file->dwfl);
        return NULL;
    }
    return file;
}

static bool is_hex(Str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!memchr("0123456789abcdef", id.ptr[i], 16))
            return false;
    return id.len >= 4;
}

/* Folders in which a build id's first two digits name a folder, and the rest a file. */
static ElfFile *open_by_build_id(Arena *arena, DwarfOptions options, DwarfProblem *problem)
{
    Str id = options.build_id;
    if (!is_hex(id))
        return NULL;
    Str first = str_head(id, 2), rest = str_from(id, 2);
    const Str paths[] = {
        str_fmt(arena, STR_FMT "/.debug/.build-id/" STR_FMT "/" STR_FMT "/elf",
                STR_ARG(options.home), STR_ARG(first), STR_ARG(rest)),
        str_fmt(arena, "/usr/lib/debug/.build-id/" STR_FMT "/" STR_FMT, STR_ARG(first),
                STR_ARG(rest)),
    };
    for (size_t i = options.home.len ? 0 : 1; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ElfFile *file = open_elf(arena, paths[i], id, problem);
        if (file)
            return file;
    }
    return NULL;
}

/* perf writes this behind the path of a file that is gone; another may stand there now. */
static Str without_deleted(Str path)
{
    Str mark = S(" (deleted)");
    return str_ends(path, mark) ? str_head(path, path.len - mark.len) : path;
}

ElfFile *elf_file_open(Arena *arena, DwarfOptions options, DwarfProblem *problem)
{
    *problem = DWARF_NO_FILE;
    ElfFile *file = open_elf(arena, without_deleted(options.path), options.build_id, problem);
    return file ? file : open_by_build_id(arena, options, problem);
}

/* Beside the program, in .debug there, and in the system's folder. */
static size_t places_by_name(Arena *arena, Str folder, Str name, Str *places)
{
    places[0] = path_join(arena, folder, name);
    places[1] = str_fmt(arena, STR_FMT "/.debug/" STR_FMT, STR_ARG(folder), STR_ARG(name));
    places[2] =
        str_fmt(arena, "/usr/lib/debug" STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(name));
    return 3;
}

size_t elf_file_places(Arena *arena, DwarfOptions options, const ElfFile *file,
                       Str places[DWARF_PLACES_MAX])
{
    Str path = without_deleted(options.path), folder = path_dir(path);
    Str own = str_fmt(arena, STR_FMT ".debug", STR_ARG(path_base(path)));
    size_t len = 0;
    places[len++] = path;
    if (is_hex(options.build_id)) {
        Str first = str_head(options.build_id, 2), rest = str_from(options.build_id, 2);
        places[len++] = str_fmt(arena, STR_FMT "/.debug/.build-id/" STR_FMT "/" STR_FMT "/elf",
                                STR_ARG(options.home), STR_ARG(first), STR_ARG(rest));
        places[len++] = str_fmt(arena, "/usr/lib/debug/.build-id/" STR_FMT "/" STR_FMT,
                                STR_ARG(first), STR_ARG(rest));
        places[len] = str_fmt(arena, STR_FMT ".debug", STR_ARG(places[len - 1]));
        len++;
    }
    len += places_by_name(arena, folder, own, places + len);
    GElf_Addr bias;
    GElf_Word crc;
    Elf *elf = file ? dwfl_module_getelf(file->module, &bias) : NULL;
    const char *name = elf ? dwelf_elf_gnu_debuglink(elf, &crc) : NULL;
    Str link = str_copy(arena, path_base(str_from_c(name)));
    if (link.len && !str_eq(link, own))
        len += places_by_name(arena, folder, link, places + len);
    return len;
}

void elf_file_close(ElfFile *file)
{
    if (file && file->dwfl)
        dwfl_end(file->dwfl);
    if (file)
        file->dwfl = NULL;
}

bool elf_file_address(const ElfFile *file, uint64_t offset, uint64_t *address)
{
    for (size_t i = 0; i < file->segments_len; i++) {
        const ElfSegment *segment = &file->segments[i];
        if (offset >= segment->offset && offset - segment->offset < segment->bytes) {
            *address = offset - segment->offset + segment->address;
            return true;
        }
    }
    *address = offset;
    return file->fixed;
}
