/*
 * The verdicts of Nsight Compute's rules, as findings of the kernel, or of the lines they point at:
 * by markers, or, before 2021.2, by addresses in their text. What a rule says of several launches of a
 * kernel is told once, in the words of the longest of them, with the number of launches.
 */

#include "analysis/profile/nvidia/ncu_parts.h"
#include "base/strbuf.h"

enum {
    /* RuleResult and what is in it */
    RULE_NAME = 2,
    RULE_BODY = 3,
    RULE_MARKER = 5,
    ITEM_MESSAGE = 1,
    ITEM_SPEEDUP = 10,
    MARKER_LINE = 2,
    MARKER_ADDRESS = 3,
    MARKER_TEXT = 4,
    MARKER_TYPE = 5,
    MARKER_FILE = 6,
    TYPE_WARNING = 2,
    TYPE_ERROR = 3,
    TYPE_OPTIMIZATION = 4,
    SPEEDUP_LOCAL = 1,
    MARKERS_MAX = 1000,
    FAILURE_MAX = 200,
};

/* ncu marks links: "@section:Occupancy:Occupancy@", "@url:Guide:https://...@"; the label stays. */
static Str plain(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    while (text.len) {
        Str before, rest, mark, after, kind, label, target;
        bool has_mark = str_cut(text, '@', &before, &rest) && str_cut(rest, '@', &mark, &after) &&
                        str_cut(mark, ':', &kind, &label) && str_cut(label, ':', &label, &target);
        if (!has_mark) {
            strbuf_add(&out, text);
            break;
        }
        strbuf_add(&out, before);
        strbuf_add(&out, str_eq(kind, S("section")) ? target : label);
        text = after;
    }
    return str_trim(strbuf_str(&out));
}

static FindingKind kind_of_type(uint64_t type)
{
    switch (type) {
    case TYPE_WARNING:
    case TYPE_ERROR:
        return FINDING_WARNING;
    case TYPE_OPTIMIZATION:
        return FINDING_OPTIMIZATION;
    default:
        return FINDING_NOTE;
    }
}

static uint64_t number_in(Str message, uint32_t number)
{
    ProtoField field;
    return ncu_field(message, number, PROTO_VARINT, &field) ? field.value : 0;
}

/* One rule of one launch. */
typedef struct Rule {
    Ncu *in;
    const NcuLaunch *launch;
    Str name;
    StrBuf message; /* what it says in all its parts */
    FindingKind kind;
    double speedup;
    bool local;
    bool has_address; /* an address without a line is in the message */
    Intern told;      /* places and texts of this launch */
    Intern places;
    IdMap texts_at; /* place: how many texts */
} Rule;

/* ------------------------------------------------------------------ over all launches */

static void say(Rule *rule, Str key, ProfileFinding finding, Str message)
{
    Ncu *in = rule->in;
    uint32_t id = intern_id(&in->said_keys, key);
    bool is_new = id >= in->said.len;
    while (in->said.len <= id)
        array_push(in->arena, &in->said);
    NcuSaid *said = &in->said.items[id];
    if (is_new || ncu_is_longest(in, rule->launch)) {
        said->finding = finding;
        said->message = str_copy(in->arena, message);
        said->kernel = rule->launch->kernel;
    }
    said->launches += said->last != rule->launch->number + 1;
    said->last = rule->launch->number + 1;
}

void ncu_add_findings(Ncu *in)
{
    array_each (NcuSaid, said, &in->said) {
        if (!said->launches)
            continue;
        ProfileFinding finding = said->finding;
        size_t all = in->launches.items[said->kernel].count;
        Str message = said->message;
        if (all > 1)
            message = str_fmt(in->arena, STR_FMT " (in %zu of %zu launches)", STR_ARG(message),
                              said->launches, all);
        finding.message = profile_add_text(in->build, message);
        profile_add_finding(in->build, finding);
    }
}

/* ------------------------------------------------------------------ of one launch */

/* Several instructions of a line with the same text are told once. */
static void say_at(Rule *rule, NcuPlace place, Str text, FindingKind kind)
{
    Arena *scratch = rule->launch->scratch;
    size_t known = rule->told.count;
    Str at = str_fmt(scratch, STR_FMT ":%u", STR_ARG(place.file), place.line);
    Str told = str_fmt(scratch, STR_FMT " " STR_FMT, STR_ARG(at), STR_ARG(text));
    if (known >= MARKERS_MAX || !place.line || !text.len || intern_id(&rule->told, told) < known)
        return;
    uint32_t *texts = idmap_slot(&rule->texts_at, intern_id(&rule->places, at));
    Str key = str_fmt(scratch, "%u " STR_FMT " " STR_FMT " %u", rule->launch->kernel,
                      STR_ARG(rule->name), STR_ARG(at), ++*texts);
    say(rule, key,
        (ProfileFinding){.frame = rule->launch->frame,
                         .file = profile_add_text(rule->in->build, place.file),
                         .line = place.line,
                         .rule = profile_add_text(rule->in->build, rule->name),
                         .kind = (uint16_t)kind},
        text);
}

static bool hex_of(Str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || i == 16)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return text.len > 0;
}

/* "Uncoalesced global access, … at PC @source:7f0010:0x7f0010@": told at the line of the address. */
static bool is_at_line(Rule *rule, Str *text, FindingKind kind)
{
    Str before, mark, rest, address;
    uint64_t pc;
    size_t at = str_find(*text, S(" at PC @source:"), 0);
    if (at == SIZE_MAX)
        return false;
    before = str_trim(str_head(*text, at));
    if (!str_cut(str_from(*text, at + 8), '@', &mark, &rest) ||
        !str_cut_last(mark, ':', &rest, &address) || !str_starts(address, S("0x")) ||
        !hex_of(str_from(address, 2), &pc))
        return false;
    NcuPlace place = ncu_place(rule->launch, pc);
    bool told = place.line || rule->has_address; /* of those without a line, the first */
    if (place.line)
        say_at(rule, place, before, kind);
    else
        rule->has_address = true;
    *text = before;
    return told;
}

/* Not about the kernel: a rule misses a metric, or fails. */
static void note_failure(Rule *rule, Str text)
{
    Ncu *in = rule->in;
    Str line, key = str_fmt(rule->launch->scratch, "failed " STR_FMT, STR_ARG(rule->name));
    size_t known = in->said_keys.count;
    if (!str_next_line(&text, &line) || intern_id(&in->said_keys, key) < known)
        return;
    profile_note(in->build, "ncu's rule " STR_FMT " did not run: " STR_FMT, STR_ARG(rule->name),
                 STR_ARG(str_head(str_trim(line), FAILURE_MAX)));
}

static void take_message(Rule *rule, Str message)
{
    uint64_t type = number_in(message, 2);
    Str text = ncu_text(message, 1);
    FindingKind kind = kind_of_type(type);
    if (type == TYPE_ERROR) {
        note_failure(rule, text);
        return;
    }
    if (!text.len || is_at_line(rule, &text, kind))
        return;
    if (kind > rule->kind)
        rule->kind = kind;
    strbuf_fmt(&rule->message, "%s" STR_FMT, rule->message.len ? " " : "",
               STR_ARG(plain(rule->launch->scratch, text)));
}

static void take_item(Rule *rule, Str item)
{
    ProtoField field;
    Str speedup = ncu_text(item, ITEM_SPEEDUP);
    take_message(rule, ncu_text(item, ITEM_MESSAGE));
    if (!ncu_field(speedup, 2, PROTO_FIXED64, &field))
        return;
    double percent = ncu_double(field.value);
    if (percent > rule->speedup && percent < 1e6) {
        rule->speedup = percent;
        rule->local = number_in(speedup, 1) == SPEEDUP_LOCAL;
    }
}

static void take_marker(Rule *rule, Str marker)
{
    ProtoField field;
    NcuPlace place = {.file = ncu_text(marker, MARKER_FILE)};
    FindingKind kind = rule->kind;
    if (ncu_field(marker, MARKER_TYPE, PROTO_VARINT, &field) && field.value)
        kind = kind_of_type(field.value);
    if (ncu_field(marker, MARKER_LINE, PROTO_VARINT, &field))
        place.line = field.value <= INT32_MAX ? (uint32_t)field.value : 0;
    else if (ncu_field(marker, MARKER_ADDRESS, PROTO_VARINT, &field))
        place = ncu_place(rule->launch, field.value);
    say_at(rule, place, plain(rule->launch->scratch, ncu_text(marker, MARKER_TEXT)), kind);
}

static void say_of_kernel(Rule *rule)
{
    if (!rule->message.len)
        return;
    Str key =
        str_fmt(rule->launch->scratch, "%u " STR_FMT, rule->launch->kernel, STR_ARG(rule->name));
    say(rule, key,
        (ProfileFinding){.frame = rule->launch->frame,
                         .rule = profile_add_text(rule->in->build, rule->name),
                         .kind = (uint16_t)rule->kind,
                         .local = rule->local,
                         .speedup = rule->speedup},
        strbuf_str(&rule->message));
}

static void take_rule(Ncu *in, const NcuLaunch *launch, Str message)
{
    Rule rule = {.in = in,
                 .launch = launch,
                 .name = ncu_text(message, RULE_NAME),
                 .message = strbuf_new(launch->scratch),
                 .told = intern_new(launch->scratch),
                 .places = intern_new(launch->scratch),
                 .texts_at = idmap_new(launch->scratch)};
    Proto items = proto(ncu_text(message, RULE_BODY)); /* may be missing: markers alone */
    for (ProtoField field; proto_next(&items, &field);)
        if (field.number == 1 && field.wire == PROTO_BYTES)
            take_item(&rule, field.bytes);
    say_of_kernel(&rule);
    Proto fields = proto(message);
    for (ProtoField field; proto_next(&fields, &field);)
        if (field.number == RULE_MARKER && field.wire == PROTO_BYTES)
            take_marker(&rule, field.bytes);
}

void ncu_take_rules(Ncu *in, const NcuLaunch *launch)
{
    Proto fields = proto(launch->result);
    for (ProtoField field; proto_next(&fields, &field);)
        if (field.number == NCU_RULE && field.wire == PROTO_BYTES)
            take_rule(in, launch, field.bytes);
}
