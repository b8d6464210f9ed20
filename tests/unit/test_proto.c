#include "base/proto.h"

#include "tests/lib/check.h"

static void fields_of_every_wire_type_are_read(void **state)
{
    (void)state;
    /* protoc --encode of: 1: 300, 2: "ab", 3: fixed32 1, 4: fixed64 2 */
    Proto in = proto(S("\x08\xac\x02\x12\x02"
                       "ab\x1d\x01\0\0\0\x21\x02\0\0\0\0\0\0\0"));
    ProtoField field;
    Err err = {0};
    assert_true(proto_next(&in, &field));
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 300);
    assert_true(proto_next(&in, &field));
    assert_str(field.bytes, S("ab"));
    assert_true(proto_next(&in, &field));
    assert_int_equal(field.wire, PROTO_FIXED32);
    assert_int_equal(field.value, 1);
    assert_true(proto_next(&in, &field));
    assert_int_equal(field.number, 4);
    assert_int_equal(field.value, 2);
    assert_false(proto_next(&in, &field));
    assert_ok(proto_ok(&in, &err), &err);
}

static void the_first_problem_says_where_it_is(void **state)
{
    (void)state;
    static const struct {
        Str bytes;
        const char *msg;
    } CASES[] = {
        {STR_CONST("\x08\x01\x12\x05"
                   "abcd"),
         "byte 4: a length beyond the end"},
        {STR_CONST("\x08\xff"), "byte 1: a number that is cut off"},
        {STR_CONST("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
         "byte 1: a number of more than 64 bits"},
        {STR_CONST("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
         "byte 1: a number of more than 64 bits"},
        {STR_CONST("\x0d\x01\x02"), "byte 1: a number that is cut off"},
        {STR_CONST("\x01\x01"), "byte 1: a field without a number"},
        {STR_CONST("\x0b\x0c"), "byte 1: a field of a kind that protobuf no longer has"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Proto in = proto(CASES[i].bytes);
        Err err = {0};
        for (ProtoField field; proto_next(&in, &field);)
            ;
        assert_false(proto_ok(&in, &err));
        assert_string_equal(err.msg, CASES[i].msg);
    }
}

static void the_largest_number_has_64_bits(void **state)
{
    (void)state;
    Proto in = proto(S("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    ProtoField field;
    assert_true(proto_next(&in, &field));
    assert_true(field.value == UINT64_MAX);
}

static void repeated_numbers_are_packed_or_not(void **state)
{
    (void)state;
    Proto in = proto(S("\x08\x01\x0a\x03\x02\xac\x02\x08\x04"));
    uint64_t sum = 0, count = 0;
    for (ProtoField field; proto_next(&in, &field);) {
        Proto numbers = proto_numbers(&in, &field);
        for (uint64_t number; proto_next_number(&numbers, &field, &number); count++)
            sum += number;
    }
    assert_int_equal(count, 4);
    assert_int_equal(sum, 1 + 2 + 300 + 4);
}

static void places_count_from_the_outermost_message(void **state)
{
    (void)state;
    Proto in = proto(S("\x0a\x04\x0a\x02\x08\x80"));
    ProtoField field;
    Err err = {0};
    assert_true(proto_next(&in, &field));
    Proto middle = proto_inside(&in, field.bytes);
    assert_true(proto_next(&middle, &field));
    Proto inner = proto_inside(&middle, field.bytes);
    assert_false(proto_next(&inner, &field));
    assert_false(proto_ok(&inner, &err));
    assert_string_equal(err.msg, "byte 5: a number that is cut off");
}

TEST_MAIN(TEST(fields_of_every_wire_type_are_read), TEST(the_first_problem_says_where_it_is),
          TEST(the_largest_number_has_64_bits), TEST(repeated_numbers_are_packed_or_not),
          TEST(places_count_from_the_outermost_message))
