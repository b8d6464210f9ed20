#include "lsp/rpc.h"

#include "base/json_out.h"
#include "base/strbuf.h"

static JsonOut open_message(StrBuf *buf)
{
    JsonOut out = json_out(buf);
    json_open(&out, '{');
    json_key_str(&out, "jsonrpc", S("2.0"));
    return out;
}

Str rpc_response(Arena *arena, Str id, Str result)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = open_message(&buf);
    json_key_raw(&out, "id", id);
    json_key_raw(&out, "result", result);
    json_close(&out, '}');
    return strbuf_str(&buf);
}

Str rpc_error(Arena *arena, Str id, RpcCode code, Str message)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = open_message(&buf);
    json_key_raw(&out, "id", id);
    json_key_open(&out, "error", '{');
    json_key_i64(&out, "code", code);
    json_key_str(&out, "message", message);
    json_close(&out, '}');
    json_close(&out, '}');
    return strbuf_str(&buf);
}

static void close_call(JsonOut *out, const char *method, Str params)
{
    json_key_str(out, "method", str_from_c(method));
    if (params.len)
        json_key_raw(out, "params", params);
    json_close(out, '}');
}

Str rpc_notification(Arena *arena, const char *method, Str params)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = open_message(&buf);
    close_call(&out, method, params);
    return strbuf_str(&buf);
}

Str rpc_request(Arena *arena, int64_t id, const char *method, Str params)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = open_message(&buf);
    json_key_i64(&out, "id", id);
    close_call(&out, method, params);
    return strbuf_str(&buf);
}
