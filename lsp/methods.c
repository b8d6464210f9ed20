#include "lsp/methods.h"

static void write_lens_options(JsonOut *out)
{
    json_put_raw(out, S("{\"resolveProvider\":false}"));
}

static void write_action_options(JsonOut *out)
{
    json_put_raw(out, S("{\"codeActionKinds\":[\"quickfix\",\"source.perfloop\"]}"));
}

static void write_completion_options(JsonOut *out)
{
    json_put_raw(out, S("{\"triggerCharacters\":[\"\\\"\",\"=\",\"[\"]}"));
}

static const Method METHODS[] = {
    {STR_CONST("initialize"), true, .loop = lifecycle_initialize},
    {STR_CONST("initialized"), false, .loop = lifecycle_initialized},
    {STR_CONST("shutdown"), true, .loop = lifecycle_shutdown},
    {STR_CONST("exit"), false, .loop = lifecycle_exit},
    {STR_CONST("$/setTrace"), false, .loop = lifecycle_set_trace},
    {STR_CONST("$/cancelRequest"), false, .loop = lifecycle_cancel},
    {STR_CONST("textDocument/didOpen"), false, .loop = sync_did_open},
    {STR_CONST("textDocument/didChange"), false, .loop = sync_did_change},
    {STR_CONST("textDocument/didSave"), false, .loop = sync_did_save},
    {STR_CONST("textDocument/didClose"), false, .loop = sync_did_close},
    {STR_CONST("workspace/didChangeConfiguration"), false, .loop = configure_did_change},
    {STR_CONST("workspace/didChangeWatchedFiles"), false, .loop = world_did_change_files},
    {STR_CONST("window/workDoneProgress/cancel"), false, .loop = progress_did_cancel},
    {STR_CONST("workspace/executeCommand"), true, .loop = commands_execute,
     .provider = "executeCommandProvider", .write_options = commands_write_options},
    /* Answered, not announced: beside a language server every function would be listed twice. */
    {STR_CONST("textDocument/documentSymbol"), true, .read = feature_document_symbol},
    {STR_CONST("textDocument/codeLens"), true, .read = feature_code_lens,
     .provider = "codeLensProvider", .write_options = write_lens_options},
    {STR_CONST("textDocument/inlayHint"), true, .read = feature_inlay_hint,
     .provider = "inlayHintProvider"},
    {STR_CONST("textDocument/hover"), true, .read = feature_hover, .provider = "hoverProvider"},
    {STR_CONST("textDocument/codeAction"), true, .read = feature_code_action,
     .provider = "codeActionProvider", .write_options = write_action_options},
    {STR_CONST("textDocument/completion"), true, .read = feature_completion,
     .provider = "completionProvider", .write_options = write_completion_options},
    {STR_CONST("textDocument/prepareCallHierarchy"), true, .read = feature_prepare_calls,
     .provider = "callHierarchyProvider"},
    {STR_CONST("callHierarchy/incomingCalls"), true, .read = feature_incoming_calls},
    {STR_CONST("callHierarchy/outgoingCalls"), true, .read = feature_outgoing_calls},
    {STR_CONST("workspace/symbol"), true, .read = feature_workspace_symbol,
     .provider = "workspaceSymbolProvider"},
};

const Method *method_find(Str name)
{
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
        if (str_eq(METHODS[i].name, name))
            return &METHODS[i];
    return NULL;
}

void methods_write_providers(JsonOut *out)
{
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        const Method *method = &METHODS[i];
        if (!method->provider)
            continue;
        json_key(out, method->provider);
        if (method->write_options)
            method->write_options(out);
        else
            json_put_bool(out, true);
    }
}
