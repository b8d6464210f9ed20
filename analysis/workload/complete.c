#include "analysis/workload/complete.h"

#include "analysis/workload/schema.h"
#include "analysis/workload/section.h"
#include "analysis/workload/spot.h"
#include "base/strbuf.h"

typedef struct Offer {
    Arena *arena;
    Spot spot;
    const TomlValue *table; /* the table the spot is in, as far as it can be read; or NULL */
    WorkloadItems items;
} Offer;

static void add(Offer *offer, WorkloadItemKind kind, Str label, Str detail, Str help, Str insert)
{
    *array_push(offer->arena, &offer->items) =
        (WorkloadItem){kind, label, detail, help, insert, offer->spot.token};
}

static Str in_quotes(Offer *offer, Str text)
{
    return str_fmt(offer->arena, "\"" STR_FMT "\"", STR_ARG(text));
}

static Str type_name(SchemaType type)
{
    static const Str NAMES[] = {
        [SCHEMA_COMMAND] = STR_CONST("command"),      [SCHEMA_STRING] = STR_CONST("text"),
        [SCHEMA_STRINGS] = STR_CONST("list"),         [SCHEMA_BOOL] = STR_CONST("true or false"),
        [SCHEMA_TABLE] = STR_CONST("table"),          [SCHEMA_NUMBER] = STR_CONST("number"),
        [SCHEMA_RATE] = STR_CONST("rate per second"),
    };
    return NAMES[type];
}

static Str unit_name(Unit unit)
{
    static const Str NAMES[] = {
        [UNIT_COUNT] = STR_CONST("count"),     [UNIT_SECONDS] = STR_CONST("seconds"),
        [UNIT_BYTES] = STR_CONST("bytes"),     [UNIT_PER_SECOND] = STR_CONST("per second"),
        [UNIT_PERCENT] = STR_CONST("percent"),
    };
    return NAMES[unit];
}

/* ---------------------------------------------------------------- keys */

static void offer_keys(Offer *offer, const SchemaKey *table)
{
    for (; table->name.len; table++) {
        const TomlEntry *entry = toml_entry(offer->table, table->name);
        bool here = entry && entry->key_span.start == offer->spot.token.start;
        if (entry && !here)
            continue;
        Str insert = offer->spot.has_equals
                         ? table->name
                         : str_fmt(offer->arena, STR_FMT " = " STR_FMT, STR_ARG(table->name),
                                   STR_ARG(table->example));
        add(offer, WORKLOAD_ITEM_KEY, table->name, type_name(table->type), table->help, insert);
    }
}

static void offer_table(Offer *offer, Str file_name, bool in_header)
{
    StrBuf path = strbuf_new(offer->arena);
    const Str *section = section_path(file_name, 0);
    for (; section && section->len; section++)
        strbuf_fmt(&path, STR_FMT ".", STR_ARG(*section));
    Str label = str_fmt(offer->arena, "[" STR_FMT "workload.NAME]", STR_ARG(strbuf_str(&path)));
    /* Inside brackets that are there already, only what stands between them. */
    Str insert = in_header ? (Str){label.ptr + 1, label.len - 2}
                           : str_fmt(offer->arena, STR_FMT "\nbenchmark = \"\"\n", STR_ARG(label));
    add(offer, WORKLOAD_ITEM_TABLE, label, S("table"),
        S("A workload: what is optimized, and how one knows that it got better."), insert);
}

/* ---------------------------------------------------------------- values */

static const SchemaHarness *harness_of(const TomlValue *table)
{
    const TomlValue *value = toml_get(table, S("harness"));
    bool given = value && value->kind == TOML_STRING;
    return schema_harness(given ? value->text : S("command"));
}

static void offer_harnesses(Offer *offer)
{
    for (const SchemaHarness *harness = schema_harnesses(); harness->name.len; harness++)
        add(offer, WORKLOAD_ITEM_VALUE, harness->name, S("harness"), harness->help,
            in_quotes(offer, harness->name));
}

static void offer_metrics(Offer *offer)
{
    const SchemaHarness *harness = harness_of(offer->table);
    for (const SchemaMetric *metric = schema_metrics(); metric->name.len; metric++) {
        bool listed = false;
        for (const Str *name = harness ? harness->metrics : NULL; name && name->len; name++)
            listed |= str_eq(*name, metric->name);
        if (listed)
            add(offer, WORKLOAD_ITEM_VALUE, metric->name, unit_name(metric->unit), metric->help,
                in_quotes(offer, metric->name));
    }
}

static void offer_targets(Offer *offer)
{
    static const Str EXAMPLES[] = {
        [UNIT_COUNT] = STR_CONST("2 M"),    [UNIT_SECONDS] = STR_CONST("8 ms"),
        [UNIT_BYTES] = STR_CONST("200 MB"), [UNIT_PER_SECOND] = STR_CONST("12000 /s"),
        [UNIT_PERCENT] = STR_CONST("80 %"),
    };
    const TomlValue *value = toml_get(offer->table, S("metric"));
    const SchemaHarness *harness = harness_of(offer->table);
    Str name = value && value->kind == TOML_STRING ? value->text : (Str){0};
    const SchemaMetric *metric = schema_metric(name.len || !harness ? name : harness->metrics[0]);
    Str change = metric && metric->higher_is_better ? S("+30 %") : S("-30 %");
    add(offer, WORKLOAD_ITEM_VALUE, change, S("change"), S("A change against the baseline."),
        in_quotes(offer, change));
    if (metric)
        add(offer, WORKLOAD_ITEM_VALUE, EXAMPLES[metric->unit], unit_name(metric->unit),
            S("A number to reach; change it to yours."), in_quotes(offer, EXAMPLES[metric->unit]));
}

static void offer_names(Offer *offer, const SchemaKey *key)
{
    bool list = key->type == SCHEMA_STRINGS && !offer->spot.in_array;
    for (SchemaNames name = key->values; name->name.len; name++) {
        Str quoted = in_quotes(offer, name->name);
        Str insert = list ? str_fmt(offer->arena, "[" STR_FMT "]", STR_ARG(quoted)) : quoted;
        add(offer, WORKLOAD_ITEM_VALUE, name->name, key->name, name->help, insert);
    }
}

static void offer_values(Offer *offer, const SchemaKey *key)
{
    if (str_eq(key->name, S("harness"))) {
        offer_harnesses(offer);
    } else if (str_eq(key->name, S("metric"))) {
        offer_metrics(offer);
    } else if (str_eq(key->name, S("target"))) {
        offer_targets(offer);
    } else if (key->values) {
        offer_names(offer, key);
    } else if (key->type == SCHEMA_BOOL) {
        add(offer, WORKLOAD_ITEM_VALUE, S("true"), (Str){0}, key->help, S("true"));
        add(offer, WORKLOAD_ITEM_VALUE, S("false"), (Str){0}, key->help, S("false"));
    } else if (!offer->spot.in_array) {
        add(offer, WORKLOAD_ITEM_VALUE, key->example, S("example"), key->help, key->example);
    }
}

/* ---------------------------------------------------------------- where we are */

static const TomlValue *table_at(const TomlValue *section, const Str *path, size_t count)
{
    for (size_t i = 0; i < count; i++)
        section = toml_get(section, path[i]);
    return section;
}

static const SchemaKey *schema_at(const Str *path, size_t count)
{
    if (count < 2 || !str_eq(path[0], S("workload")))
        return NULL;
    if (count == 2)
        return schema_keys();
    return count == 3 && str_eq(path[2], S("load")) ? schema_load_keys() : NULL;
}

WorkloadItems workload_complete(Arena *arena, Str file_name, Str text, size_t offset)
{
    TomlDoc doc = toml_read(arena, text);
    Offer offer = {.arena = arena, .spot = spot_at(arena, &doc, file_name, text, offset)};
    const Str *path = offer.spot.path.items;
    size_t count = offer.spot.path.len;
    const TomlValue *section = section_of(&doc, file_name);
    if (offer.spot.kind == SPOT_HEADER) {
        offer_table(&offer, file_name, true);
    } else if (offer.spot.kind == SPOT_KEY) {
        const SchemaKey *table = schema_at(path, count);
        offer.table = table_at(section, path, count);
        if (table)
            offer_keys(&offer, table);
        if (count == 0 || (count == 2 && table && !offer.spot.has_equals))
            offer_table(&offer, file_name, false);
    } else if (offer.spot.kind == SPOT_VALUE && count) {
        const SchemaKey *table = schema_at(path, count - 1);
        const SchemaKey *key = table ? schema_key(table, path[count - 1]) : NULL;
        offer.table = table_at(section, path, count - 1);
        if (key)
            offer_values(&offer, key);
    }
    return offer.items;
}
