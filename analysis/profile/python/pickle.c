#include "analysis/profile/python/pickle.h"

#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"

/* The instructions in real files of either profiler (pickletools), and those of older protocols. */
enum {
    OP_MARK = '(',
    OP_EMPTY_TUPLE = ')',
    OP_STOP = '.',
    OP_BINFLOAT = 'G',
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_BININT2 = 'M',
    OP_BINUNICODE = 'X',
    OP_EMPTY_LIST = ']',
    OP_APPEND = 'a',
    OP_BUILD = 'b',
    OP_GLOBAL = 'c',
    OP_APPENDS = 'e',
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_SETITEM = 's',
    OP_TUPLE = 't',
    OP_SETITEMS = 'u',
    OP_EMPTY_DICT = '}',
    OP_PROTO = 0x80,
    OP_NEWOBJ = 0x81,
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_LONG1 = 0x8a,
    OP_SHORT_BINUNICODE = 0x8c,
    OP_STACK_GLOBAL = 0x93,
    OP_MEMOIZE = 0x94,
    OP_FRAME = 0x95,

    PROTOCOL_MAX = 5,
    NAME_MAX_BYTES = 100,
};

typedef struct Machine {
    Arena *arena;
    Str bytes;
    size_t at;
    size_t op_at; /* for messages */
    const Str *classes;
    size_t classes_len;
    PickleItems stack;
    Array(size_t) marks; /* heights of the stack */
    PickleItems memo;
    Err *err;
} Machine;

static bool fail(Machine *in, const char *what)
{
    return err_set(in->err, ERR_INPUT, "byte %zu: %s", in->op_at, what);
}

/* ------------------------------------------------------------------ bytes */

static bool take(Machine *in, size_t len, const unsigned char **out)
{
    if (in->bytes.len - in->at < len)
        return fail(in, "the file ends in the middle of a value");
    *out = (const unsigned char *)in->bytes.ptr + in->at;
    in->at += len;
    return true;
}

/* Little endian, unsigned. */
static bool take_uint(Machine *in, size_t size, uint64_t *out)
{
    const unsigned char *from = NULL;
    if (!take(in, size, &from))
        return false;
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)from[i] << (8 * i);
    return true;
}

static bool take_line(Machine *in, Str *out)
{
    Str rest = str_from(in->bytes, in->at), after;
    if (!str_cut(rest, '\n', out, &after))
        return fail(in, "the file ends in the middle of a name");
    in->at += out->len + 1;
    return true;
}

/* ------------------------------------------------------------------ the stack */

static Pickle *push(Machine *in, PickleType type)
{
    Pickle *value = NEW(in->arena, Pickle);
    value->type = type;
    *array_push(in->arena, &in->stack) = value;
    return value;
}

/* What lies below the last mark is out of reach. */
static size_t floor_of(const Machine *in)
{
    return in->marks.len ? in->marks.items[in->marks.len - 1] : 0;
}

static bool need(Machine *in, size_t count)
{
    if (in->stack.len - floor_of(in) < count)
        return fail(in, "takes a value where there is none");
    return true;
}

static Pickle *top(const Machine *in)
{
    return in->stack.items[in->stack.len - 1];
}

/* Takes the last mark away and says where it stood. */
static bool pop_mark(Machine *in, size_t *from)
{
    if (in->marks.len == 0)
        return fail(in, "looks for a mark where there is none");
    *from = in->marks.items[--in->marks.len];
    return true;
}

/* ------------------------------------------------------------------ values */

static bool push_int(Machine *in, size_t size)
{
    uint64_t value;
    if (!take_uint(in, size, &value))
        return false;
    push(in, PICKLE_INT)->integer = size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
    return true;
}

/* Little endian, two's complement, as many bytes as it takes. */
static bool push_long(Machine *in)
{
    uint64_t len, value;
    if (!take_uint(in, 1, &len))
        return false;
    if (len > 8)
        return fail(in, "a number too large to be a count");
    if (!take_uint(in, len, &value))
        return false;
    unsigned shift = (unsigned)(64 - 8 * len);
    push(in, PICKLE_INT)->integer = len ? (int64_t)(value << shift) >> shift : 0;
    return true;
}

/* Big endian, as nothing else here. */
static bool push_float(Machine *in)
{
    const unsigned char *from = NULL;
    uint64_t bits = 0;
    if (!take(in, 8, &from))
        return false;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | from[i];
    memcpy(&push(in, PICKLE_FLOAT)->number, &bits, sizeof(bits));
    return true;
}

static bool push_text(Machine *in, size_t count_bytes)
{
    uint64_t len;
    const unsigned char *from = NULL;
    if (!take_uint(in, count_bytes, &len) || !take(in, len, &from))
        return false;
    push(in, PICKLE_TEXT)->text = (Str){(const char *)from, len};
    return true;
}

static bool is_name(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
    }
    return text.len > 0 && text.len <= NAME_MAX_BYTES;
}

static bool push_class(Machine *in, Str module, Str name)
{
    for (size_t i = 0; i < in->classes_len; i++) {
        Str known = in->classes[i];
        if (known.len == module.len + 1 + name.len && str_starts(known, module) &&
            known.ptr[module.len] == '.' && str_ends(known, name)) {
            push(in, PICKLE_CLASS)->text = known;
            return true;
        }
    }
    if (!is_name(module) || !is_name(name))
        return fail(in, "a Python pickle that asks for code; it is not run");
    return err_set(in->err, ERR_INPUT,
                   "byte %zu: a Python pickle that asks for " STR_FMT "." STR_FMT "; it is not run",
                   in->op_at, STR_ARG(module), STR_ARG(name));
}

static bool push_global(Machine *in)
{
    Str module, name;
    return take_line(in, &module) && take_line(in, &name) && push_class(in, module, name);
}

static bool push_stack_global(Machine *in)
{
    if (!need(in, 2))
        return false;
    const Pickle *name = top(in), *module = in->stack.items[in->stack.len - 2];
    if (name->type != PICKLE_TEXT || module->type != PICKLE_TEXT)
        return fail(in, "a class whose name is no text");
    in->stack.len -= 2;
    return push_class(in, module->text, name->text);
}

/* ------------------------------------------------------------------ containers */

/* The values from `from` on become the items of `into`. */
static void move_items(Machine *in, size_t from, Pickle *into)
{
    for (size_t i = from; i < in->stack.len; i++)
        *array_push(in->arena, &into->items) = in->stack.items[i];
    in->stack.len = from;
}

static bool make_tuple(Machine *in, size_t len)
{
    if (!need(in, len))
        return false;
    Pickle *tuple = NEW(in->arena, Pickle);
    tuple->type = PICKLE_TUPLE;
    if (len) {
        tuple->items.items = NEW_ARRAY(in->arena, Pickle *, len); /* it will not grow */
        tuple->items.cap = len;
    }
    move_items(in, in->stack.len - len, tuple);
    *array_push(in->arena, &in->stack) = tuple;
    return true;
}

static bool make_marked_tuple(Machine *in)
{
    size_t from = 0;
    return pop_mark(in, &from) && make_tuple(in, in->stack.len - from);
}

/* Adds the values from `from` on to the list or dict below them. */
static bool add_items(Machine *in, size_t from, PickleType type)
{
    if (from == floor_of(in) || in->stack.items[from - 1]->type != type)
        return fail(in, "adds to something that holds nothing");
    if (type == PICKLE_DICT && (in->stack.len - from) % 2)
        return fail(in, "a key without a value");
    move_items(in, from, in->stack.items[from - 1]);
    return true;
}

static bool add_some(Machine *in, size_t count, PickleType type)
{
    return need(in, count + 1) && add_items(in, in->stack.len - count, type);
}

static bool add_marked(Machine *in, PickleType type)
{
    size_t from = 0;
    return pop_mark(in, &from) && add_items(in, from, type);
}

static bool make_object(Machine *in)
{
    if (!need(in, 2))
        return false;
    Pickle *class = in->stack.items[in->stack.len - 2];
    if (class->type != PICKLE_CLASS || pickle_len(top(in), PICKLE_TUPLE) > 0 ||
        top(in)->type != PICKLE_TUPLE)
        return fail(in, "an object made of something else than a class");
    in->stack.len -= 2;
    Pickle *object = push(in, PICKLE_OBJECT);
    *array_push(in->arena, &object->items) = class;
    return true;
}

static bool set_state(Machine *in)
{
    if (!need(in, 2))
        return false;
    Pickle *object = in->stack.items[in->stack.len - 2];
    if (object->type != PICKLE_OBJECT || object->items.len != 1)
        return fail(in, "gives a state to something that has none");
    *array_push(in->arena, &object->items) = top(in);
    in->stack.len--;
    return true;
}

/* ------------------------------------------------------------------ memory */

static bool memoize(Machine *in, uint64_t index)
{
    if (!need(in, 1))
        return false;
    if (index > in->memo.len) /* picklers count up */
        return fail(in, "remembers a value out of order");
    if (index == in->memo.len)
        array_push(in->arena, &in->memo);
    in->memo.items[index] = top(in);
    return true;
}

static bool put(Machine *in, size_t size)
{
    uint64_t index;
    return take_uint(in, size, &index) && memoize(in, index);
}

static bool get(Machine *in, size_t size)
{
    uint64_t index;
    if (!take_uint(in, size, &index))
        return false;
    if (index >= in->memo.len)
        return fail(in, "recalls a value it never saw");
    *array_push(in->arena, &in->stack) = in->memo.items[index];
    return true;
}

/* ------------------------------------------------------------------ the program */

static bool check_protocol(Machine *in)
{
    uint64_t version;
    if (!take_uint(in, 1, &version))
        return false;
    return version <= PROTOCOL_MAX || fail(in, "a pickle of a protocol that is not known");
}

static bool unknown(Machine *in, unsigned char op)
{
    return err_set(in->err, ERR_INPUT,
                   "byte %zu: a Python pickle with the instruction 0x%02x, which no profile needs; "
                   "it is not run",
                   in->op_at, op);
}

static bool run_one(Machine *in, unsigned char op)
{
    const unsigned char *skipped;
    switch (op) {
    case OP_PROTO:
        return check_protocol(in);
    case OP_FRAME: /* how much to read at once */
        return take(in, 8, &skipped);
    case OP_BININT1:
        return push_int(in, 1);
    case OP_BININT2:
        return push_int(in, 2);
    case OP_BININT:
        return push_int(in, 4);
    case OP_LONG1:
        return push_long(in);
    case OP_BINFLOAT:
        return push_float(in);
    case OP_SHORT_BINUNICODE:
        return push_text(in, 1);
    case OP_BINUNICODE:
        return push_text(in, 4);
    case OP_GLOBAL:
        return push_global(in);
    case OP_STACK_GLOBAL:
        return push_stack_global(in);
    case OP_MARK:
        *array_push(in->arena, &in->marks) = in->stack.len;
        return true;
    case OP_EMPTY_TUPLE:
        return make_tuple(in, 0);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        return make_tuple(in, 1u + op - OP_TUPLE1);
    case OP_TUPLE:
        return make_marked_tuple(in);
    case OP_EMPTY_LIST:
        push(in, PICKLE_LIST);
        return true;
    case OP_EMPTY_DICT:
        push(in, PICKLE_DICT);
        return true;
    case OP_APPEND:
        return add_some(in, 1, PICKLE_LIST);
    case OP_APPENDS:
        return add_marked(in, PICKLE_LIST);
    case OP_SETITEM:
        return add_some(in, 2, PICKLE_DICT);
    case OP_SETITEMS:
        return add_marked(in, PICKLE_DICT);
    case OP_NEWOBJ:
        return make_object(in);
    case OP_BUILD:
        return set_state(in);
    case OP_MEMOIZE:
        return memoize(in, in->memo.len);
    case OP_BINPUT:
        return put(in, 1);
    case OP_LONG_BINPUT:
        return put(in, 4);
    case OP_BINGET:
        return get(in, 1);
    case OP_LONG_BINGET:
        return get(in, 4);
    default:
        return unknown(in, op);
    }
}

const Pickle *pickle_read(Arena *arena, Str bytes, const Str *classes, size_t classes_len, Err *err)
{
    Machine in = {
        .arena = arena, .bytes = bytes, .classes = classes, .classes_len = classes_len, .err = err};
    for (;;) {
        const unsigned char *op = NULL;
        in.op_at = in.at;
        if (!take(&in, 1, &op))
            return NULL;
        if (*op == OP_STOP)
            break;
        if (!run_one(&in, *op))
            return NULL;
    }
    if (in.stack.len != 1 || in.marks.len) {
        fail(&in, "a pickle that ends with values left over");
        return NULL;
    }
    return in.stack.items[0];
}

/* ------------------------------------------------------------------ looking at it */

size_t pickle_len(const Pickle *value, PickleType type)
{
    return value && value->type == type ? value->items.len : 0;
}

const Pickle *pickle_state(const Pickle *value, Str class)
{
    if (pickle_len(value, PICKLE_OBJECT) != 2 || !str_eq(value->items.items[0]->text, class))
        return NULL;
    return value->items.items[1];
}

const Pickle *pickle_get(const Pickle *dict, Str key)
{
    for (size_t i = 0; i + 1 < pickle_len(dict, PICKLE_DICT); i += 2) {
        const Pickle *at = dict->items.items[i];
        if (at->type == PICKLE_TEXT && str_eq(at->text, key))
            return dict->items.items[i + 1];
    }
    return NULL;
}

const Pickle *pickle_item(const Pickle *tuple, size_t at, PickleType type)
{
    if (at >= pickle_len(tuple, PICKLE_TUPLE) || tuple->items.items[at]->type != type)
        return NULL;
    return tuple->items.items[at];
}
