#include "runners/profiling/capture/nsys_options.h"

#include "base/strbuf.h"

/* Stacks of all kernel launches; of copies and waits when they take as long as this, nsys' own default. */
static const char LONG_CALL_NS[] = "80000";

/* What the help says of an option: from its name to the next option. Empty: nothing. */
static Str said_of(Str help, Str option)
{
    Str said = {0};
    for (Str line; str_next_line(&help, &line);) {
        bool heads = str_starts(str_trim(line), S("-"));
        if (said.len && heads)
            break;
        if (said.len)
            said.len = (size_t)(line.ptr + line.len - said.ptr);
        else if (heads && str_has(line, option))
            said = line;
    }
    return said;
}

/* Whether the option takes that value, as far as the help tells. */
static bool takes(Str help, Str option, Str value)
{
    Str said = said_of(help, option);
    return !said.len || str_has(said, value);
}

/* 2022.4 refuses a threshold of 0 ("Illegal --cudabacktrace argument"), so 1 is the least. */
Str nsys_options(Arena *arena, Str help)
{
    StrBuf out = strbuf_new(arena);
    bool tree = takes(help, S("--sample="), S("process-tree"));
    strbuf_fmt(&out, "--sample=%s", tree ? "process-tree" : "cpu");
    if (takes(help, S("--cudabacktrace="), S("'memory'")))
        strbuf_add(&out, S(" --cudabacktrace=kernel:1,memory,sync"));
    else
        strbuf_fmt(&out,
                   " --cudabacktrace=true --cudabacktrace-threshold=%s "
                   "--cudakernelbacktrace-threshold=1",
                   LONG_CALL_NS);
    return strbuf_str(&out);
}
