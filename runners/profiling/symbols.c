#include "runners/profiling/symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/symbols/symbolize.h"
#include "base/file.h"
#include "base/strbuf.h"

enum {
    KALLSYMS_MAX = 64 << 20,
};

/* The kernel's notes: size of the name, size of the text, kind, both padded to 4 bytes. */
static Str kernel_build_id(Arena *arena)
{
    Str bytes = {0};
    Err ignored = {0};
    if (!file_read(arena, S("/sys/kernel/notes"), FILE_LIMIT_TEXT, &bytes, &ignored))
        return (Str){0};
    while (bytes.len >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        memcpy(&head, bytes.ptr, sizeof(head));
        size_t name = (head.n_namesz + 3u) & ~(size_t)3, text = (head.n_descsz + 3u) & ~(size_t)3;
        bytes = str_from(bytes, sizeof(head));
        if (name > bytes.len || text > bytes.len - name)
            break;
        if (head.n_type == NT_GNU_BUILD_ID && str_starts(bytes, S("GNU"))) {
            StrBuf hex = strbuf_new(arena);
            for (size_t i = 0; i < head.n_descsz; i++)
                strbuf_fmt(&hex, "%02x", (unsigned char)bytes.ptr[name + i]);
            return strbuf_str(&hex);
        }
        bytes = str_from(bytes, name + text);
    }
    return (Str){0};
}

/* The kernel writes it anew for each reader, a page at a time; room that is not used costs nothing. */
static Str kernel_symbols(Arena *arena)
{
    CLEANUP(fd_close) int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : NEW_ARRAY(arena, char, KALLSYMS_MAX);
    size_t len = 0;
    ssize_t got = 1;
    while (text && len < KALLSYMS_MAX && got > 0) {
        got = read(fd, text + len, KALLSYMS_MAX - len);
        len += got > 0 ? (size_t)got : 0;
        got = got < 0 && errno == EINTR ? 1 : got;
    }
    return got == 0 ? (Str){text, len} : (Str){0};
}

Profile symbols_of(Arena *arena, const Profile *profile)
{
    SymbolizeOptions options = {.home = str_from_c(getenv("HOME"))};
    if (symbolize_wants_kernel(profile)) {
        options.kernel_id = kernel_build_id(arena);
        options.kernel_symbols = kernel_symbols(arena);
    }
    return symbolize(arena, profile, options);
}
