#include "base/csv.h"

#include "base/strbuf.h"
#include "tests/lib/check.h"

/* Fields in brackets, a row per line. */
static Str rows_of(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("csv");
    Csv csv = csv_rows(scratch, text);
    for (CsvRow row; csv_next(&csv, &row);) {
        for (size_t i = 0; i < row.len; i++)
            strbuf_fmt(&out, "[" STR_FMT "]", STR_ARG(row.fields[i]));
        strbuf_add(&out, S("\n"));
    }
    return strbuf_str(&out);
}

static void a_field_in_quotes_holds_anything(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(rows_of(arena, S("a,b\n\"1,2\",\"x\ny\",\"say \"\"hi\"\"\"\r\n")),
               S("[a][b]\n[1,2][x\ny][say \"hi\"]\n"));
    assert_str(rows_of(arena, S("\"\",,\r\n\n\"z\"")), S("[][][]\n\n[z]\n"));
}

static void a_quote_that_nothing_closes_stays(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(rows_of(arena, S("\"lost\n\"ID\",\"b\"\n")), S("[\"lost]\n[ID][b]\n"));
    assert_str(rows_of(arena, S("\"a\" b,c\nd,\"e")), S("[\"a\" b][c]\n[d][\"e]\n"));
}

static void a_row_knows_its_bytes(void **state UNUSED)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("csv");
    Csv csv = csv_rows(scratch, S("\"a\",b\nc\n"));
    CsvRow row;
    assert_true(csv_next(&csv, &row));
    assert_true(row.quoted);
    assert_str(row.bytes, S("\"a\",b\n"));
    assert_true(csv_next(&csv, &row));
    assert_false(row.quoted);
    assert_false(csv_next(&csv, &row));
}

TEST_MAIN(TEST(a_field_in_quotes_holds_anything), TEST(a_quote_that_nothing_closes_stays),
          TEST(a_row_knows_its_bytes))
