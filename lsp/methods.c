#include "lsp/methods.h"

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
    {STR_CONST("textDocument/documentSymbol"), true, .read = feature_document_symbol,
     .provider = "documentSymbolProvider"},
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
