#include "lsp/configure.h"

#include "base/json_out.h"
#include "base/strbuf.h"
#include "lsp/calls.h"
#include "lsp/methods.h"
#include "lsp/uri.h"
#include "lsp/world.h"

static Choice *choice_copy(const Server *server)
{
    Arena *arena = arena_new("settings");
    Choice *choice = NEW(arena, Choice);
    *choice = (Choice){.refs = 1, .arena = arena, .settings = server->choice->settings};
    choice->settings.profile = str_copy(arena, choice->settings.profile);
    choice->settings.metric = str_copy(arena, choice->settings.metric);
    return choice;
}

static void choose(Server *server, Choice *choice)
{
    choice_unref(server->choice);
    server->choice = choice;
    server_changed(server);
    world_renew(server);
}

void configure_metric(Server *server, Str metric)
{
    Choice *choice = choice_copy(server);
    choice->settings.metric = str_copy(choice->arena, metric);
    choose(server, choice);
}

void configure_profile(Server *server, Str profile)
{
    Choice *choice = choice_copy(server);
    choice->settings.profile = str_copy(choice->arena, profile);
    choose(server, choice);
}

void configure_take(Server *server, JsonIn value)
{
    JsonIn section = json_optional(value, "perfloop");
    if (json_kind(section) == JSON_TYPE_OBJECT)
        value = section;
    Choice *choice = choice_copy(server);
    if (settings_read(&choice->settings, choice->arena, value))
        choose(server, choice);
    else
        choice_unref(choice);
}

static void take_answer(Server *server, const Message *answer, void *context UNUSED)
{
    if (answer && !answer->failed)
        configure_take(server, json_item(answer->result, 0));
}

static void ask(Server *server)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("configuration");
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_open(&out, "items", '[');
    json_open(&out, '{');
    if (server->has_places) /* some clients answer only with a scope */
        json_key_str(&out, "scopeUri", uri_from_path(scratch, server->places.root));
    json_key_str(&out, "section", S("perfloop"));
    json_close(&out, '}');
    json_close(&out, ']');
    json_close(&out, '}');
    server_request(server, "workspace/configuration", strbuf_str(&buf), take_answer, NULL);
}

void configure_register(Server *server)
{
    if (server->client.dynamic_configuration)
        server_request(server, "client/registerCapability",
                       S("{\"registrations\":[{\"id\":\"perfloop-configuration\","
                         "\"method\":\"workspace/didChangeConfiguration\"}]}"),
                       NULL, NULL);
    if (server->client.configuration)
        ask(server);
}

void configure_did_change(Server *server, const Message *message)
{
    if (server->client.configuration)
        ask(server);
    else
        configure_take(server, json_optional(message->params, "settings"));
}
