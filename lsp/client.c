#include "lsp/client.h"

static PositionEncoding read_encoding(JsonIn general)
{
    JsonIn list = json_optional(general, "positionEncodings");
    for (size_t i = 0; i < json_len(list); i++) {
        JsonIn item = json_item(list, i);
        if (json_kind(item) != JSON_TYPE_STRING)
            continue;
        Str name = json_as_str(item);
        if (str_eq(name, S("utf-8")))
            return ENCODING_UTF8;
        if (str_eq(name, S("utf-16")))
            return ENCODING_UTF16;
        if (str_eq(name, S("utf-32")))
            return ENCODING_UTF32;
    }
    return ENCODING_UTF16;
}

static bool list_has(JsonIn list, Str word)
{
    for (size_t i = 0; i < json_len(list); i++)
        if (json_kind(json_item(list, i)) == JSON_TYPE_STRING &&
            str_eq(json_as_str(json_item(list, i)), word))
            return true;
    return false;
}

static void read_workspace(Client *client, JsonIn workspace)
{
    JsonIn edit = json_optional(workspace, "workspaceEdit");
    client->apply_edit = json_opt_bool(workspace, "applyEdit", false);
    client->document_changes = json_opt_bool(edit, "documentChanges", false);
    client->configuration = json_opt_bool(workspace, "configuration", false);
    client->dynamic_configuration = json_opt_bool(
        json_optional(workspace, "didChangeConfiguration"), "dynamicRegistration", false);
    client->lens_refresh =
        json_opt_bool(json_optional(workspace, "codeLens"), "refreshSupport", false);
    client->hint_refresh =
        json_opt_bool(json_optional(workspace, "inlayHint"), "refreshSupport", false);
}

static void read_diagnostics(Client *client, JsonIn publish)
{
    client->related_information = json_opt_bool(publish, "relatedInformation", false);
    client->diagnostic_tags = json_present(json_optional(publish, "tagSupport"));
    client->diagnostic_data = json_opt_bool(publish, "dataSupport", false);
    client->code_description = json_opt_bool(publish, "codeDescriptionSupport", false);
}

static void read_document(Client *client, JsonIn document)
{
    read_diagnostics(client, json_optional(document, "publishDiagnostics"));
    JsonIn action = json_optional(document, "codeAction");
    client->action_literals = json_present(json_optional(action, "codeActionLiteralSupport"));
    client->action_preferred = json_opt_bool(action, "isPreferredSupport", false);
    client->action_disabled = json_opt_bool(action, "disabledSupport", false);
    client->action_data = json_opt_bool(action, "dataSupport", false);
    JsonIn hover = json_optional(document, "hover");
    client->hover_markdown = list_has(json_optional(hover, "contentFormat"), S("markdown"));
    JsonIn item = json_optional(json_optional(document, "completion"), "completionItem");
    client->completion_markdown =
        list_has(json_optional(item, "documentationFormat"), S("markdown"));
    client->completion_snippets = json_opt_bool(item, "snippetSupport", false);
    client->hierarchical_symbols = json_opt_bool(json_optional(document, "documentSymbol"),
                                                 "hierarchicalDocumentSymbolSupport", false);
}

Client client_from_params(Arena *arena, JsonIn params)
{
    Client client = {0};
    JsonIn info = json_optional(params, "clientInfo");
    client.name = str_copy(arena, json_opt_str(info, "name", S("")));
    client.version = str_copy(arena, json_opt_str(info, "version", S("")));
    JsonIn can = json_optional(params, "capabilities");
    JsonIn window = json_optional(can, "window");
    client.encoding = read_encoding(json_optional(can, "general"));
    client.work_done_progress = json_opt_bool(window, "workDoneProgress", false);
    client.show_document = json_opt_bool(json_optional(window, "showDocument"), "support", false);
    read_workspace(&client, json_optional(can, "workspace"));
    read_document(&client, json_optional(can, "textDocument"));
    /* These two show a table as its source. */
    client.hover_tables = client.hover_markdown && !str_starts(client.name, S("Neovim")) &&
                          !str_starts(client.name, S("Emacs"));
    return client;
}
