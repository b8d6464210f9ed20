--- perfloop for Neovim 0.7 and newer, in one file.
---
--- Put it where Lua modules are found (~/.config/nvim/lua/perfloop.lua) and say in init.lua
---
---     require('perfloop').setup()
---
--- or, to try it without touching your configuration: nvim -u perfloop.lua FILE
---
--- Diagnostics, hover, code actions and call hierarchy are Neovim's own; this file starts the server,
--- keeps code lenses and inlay hints fresh, shows progress on releases that show none, and adds the
--- commands :PerfloopMeasure, :PerfloopKeep, :PerfloopRevert and so on. What they mean stands in
--- the server; there is no logic of the loop here.

local M = {}

M.defaults = {
  -- how the server is started
  cmd = { 'perfloop', 'lsp', '--stdio' },
  -- buffers that get it; of 'toml' only the files that can hold a workload
  filetypes = { 'python', 'rust', 'cuda', 'toml' },
  -- code lenses and inlay hints (hints need Neovim 0.10)
  lens = true,
  hints = true,
  -- say on the command line how far a job is
  progress = true,
  -- the server's settings: heat = 'off' | 'top' | 'all', top = 5, threshold = 0.01,
  -- metric = 'peak', 'allocations', ...: which one of a profile's metrics,
  -- profile = '3': a profile of the ledger instead of the newest
  settings = {},
  -- false: show heat, but run nothing of this workspace
  trusted = nil,
  -- called with (client, bufnr), for key maps
  on_attach = nil,
}

-- :Perfloop<Name> runs the server's command perfloop.<value>.
local COMMANDS = {
  Baseline = 'baseline',
  Cancel = 'cancel',
  Details = 'showDetails',
  Import = 'import',
  Init = 'init',
  Keep = 'keep',
  Measure = 'measure',
  MeasureMore = 'measureMore',
  Metric = 'showMetric',
  Profile = 'profile',
  Restore = 'restore',
  Revert = 'revert',
  ShowProfile = 'showProfile',
  Status = 'status',
  Trust = 'trust',
}

-- Of a 'toml' buffer only these can hold a workload.
local WORKLOAD_FILES = { ['perfloop.toml'] = true, ['pyproject.toml'] = true, ['Cargo.toml'] = true }

local LENS_DELAY_MS = 150

local config = M.defaults
local clients = {} -- root folder -> client id, for releases without vim.lsp.start
local attached = {} -- buffer -> client id
local watched = {} -- buffer -> its edits are noticed
local lens_pending = {} -- buffer -> a request for lenses is about to be sent

-- Since 0.12 Neovim asks for lenses itself, and answers the server's wish to have them asked again.
local own_lenses = vim.fn.has('nvim-0.12') == 0

local function call(client, method, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

local function root_of(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  for _, mark in ipairs({ 'perfloop.toml', '.git' }) do
    local found = vim.fn.findfile(mark, folder .. ';')
    if found == '' then
      found = vim.fn.finddir(mark, folder .. ';')
    end
    if found ~= '' then
      return vim.fn.fnamemodify((found:gsub('/$', '')), ':p:h'):gsub('/%.git$', '')
    end
  end
  return folder
end

--- The server's client of a buffer (0 for the current one), or nil.
function M.client(bufnr)
  if bufnr == nil or bufnr == 0 then
    bufnr = vim.api.nvim_get_current_buf()
  end
  local client = attached[bufnr] and vim.lsp.get_client_by_id(attached[bufnr])
  if client then
    return client
  end
  for _, id in pairs(attached) do
    client = vim.lsp.get_client_by_id(id)
    if client then
      return client
    end
  end
end

-- Lenses ---------------------------------------------------------------------------------------

-- An empty answer is ignored by these releases, so the old lenses are wiped here.
local function clear_lenses(client_id, bufnr)
  local codelens = vim.lsp.codelens
  codelens.save({}, bufnr, client_id)
  if codelens.clear then
    codelens.clear(client_id, bufnr)
  elseif codelens.__namespaces then
    vim.api.nvim_buf_clear_namespace(bufnr, codelens.__namespaces[client_id], 0, -1)
  end
end

local function request_lenses(bufnr)
  local client = attached[bufnr] and vim.lsp.get_client_by_id(attached[bufnr])
  if not client or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) } }
  call(client, 'request', 'textDocument/codeLens', params, function(err, result, ctx, conf)
    if not vim.api.nvim_buf_is_loaded(bufnr) or vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
      return -- typed on since; that edit asked again
    end
    if not err and (not result or vim.tbl_isempty(result)) then
      return clear_lenses(client.id, bufnr)
    end
    vim.lsp.codelens.on_codelens(err, result, ctx, conf)
  end, bufnr)
end

-- A later wish does not put off an earlier one: who types without a pause still gets lenses.
local function lenses_soon(bufnr)
  if lens_pending[bufnr] then
    return
  end
  lens_pending[bufnr] = true
  vim.defer_fn(function()
    lens_pending[bufnr] = nil
    request_lenses(bufnr)
  end, LENS_DELAY_MS)
end

local function refresh_all_lenses()
  for bufnr in pairs(attached) do
    lenses_soon(bufnr)
  end
  return vim.NIL
end

local function keep_lenses_fresh(bufnr)
  if not own_lenses then
    return vim.lsp.codelens.enable(true, { bufnr = bufnr })
  end
  if not watched[bufnr] then
    watched[bufnr] = vim.api.nvim_buf_attach(bufnr, false, {
      on_lines = function()
        lenses_soon(bufnr)
      end,
      on_reload = function()
        lenses_soon(bufnr)
      end,
      on_detach = function()
        watched[bufnr] = nil
      end,
    })
  end
  lenses_soon(bufnr)
end

-- Progress -------------------------------------------------------------------------------------

local titles = {} -- progress token -> title

local function show_progress(params)
  local value = params.value
  if type(value) ~= 'table' then
    return
  end
  if value.kind == 'begin' then
    titles[params.token] = value.title
  end
  local text = titles[params.token] or 'perfloop'
  if value.kind == 'end' then
    titles[params.token] = nil
  end
  if value.message and value.message ~= '' then
    text = text .. ': ' .. value.message
  end
  if value.percentage then
    text = text .. string.format(' (%d %%)', value.percentage)
  end
  -- one short line: a longer one would ask for Enter
  local room = vim.o.columns - 14
  vim.api.nvim_echo({ { vim.fn.strcharpart(text:gsub('%s+', ' '), 0, room) } }, false, {})
end

local function on_progress(err, params, ctx, conf)
  vim.lsp.handlers['$/progress'](err, params, ctx, conf)
  if not err and config.progress then
    show_progress(params)
  end
end

-- Start and attach -----------------------------------------------------------------------------

local function on_attach(client, bufnr)
  attached[bufnr] = client.id
  if config.lens then
    keep_lenses_fresh(bufnr)
  end
  if config.hints and vim.lsp.inlay_hint then
    vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
  end
  if config.on_attach then
    config.on_attach(client, bufnr)
  end
end

local function client_config(root)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  local handlers = { ['$/progress'] = on_progress }
  if own_lenses then
    capabilities.workspace.codeLens = { refreshSupport = true }
    handlers['workspace/codeLens/refresh'] = refresh_all_lenses
  end
  return {
    name = 'perfloop',
    cmd = config.cmd,
    root_dir = root,
    capabilities = capabilities,
    handlers = handlers,
    settings = { perfloop = vim.tbl_isempty(config.settings) and vim.empty_dict() or config.settings },
    init_options = config.trusted ~= nil and { trusted = config.trusted } or nil,
    on_attach = on_attach,
    on_exit = function(_, _, id)
      for folder, known in pairs(clients) do
        clients[folder] = known ~= id and known or nil
      end
      for bufnr, known in pairs(attached) do
        attached[bufnr] = known ~= id and known or nil
      end
    end,
  }
end

--- Start the server for a buffer's project, or attach the buffer to the one that runs.
function M.start(bufnr)
  if bufnr == nil or bufnr == 0 then
    bufnr = vim.api.nvim_get_current_buf()
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or vim.bo[bufnr].buftype ~= '' then
    return
  end
  if vim.bo[bufnr].filetype == 'toml' and not WORKLOAD_FILES[vim.fn.fnamemodify(name, ':t')] then
    return
  end
  if vim.fn.executable(config.cmd[1]) == 0 then
    return vim.notify_once(config.cmd[1] .. ' is not on the path', vim.log.levels.WARN)
  end
  local root = root_of(name)
  if vim.lsp.start then
    return vim.lsp.start(client_config(root), { bufnr = bufnr })
  end
  if not clients[root] then
    clients[root] = vim.lsp.start_client(client_config(root))
  end
  if clients[root] then
    vim.lsp.buf_attach_client(bufnr, clients[root])
  end
  return clients[root]
end

--- Run the server's command perfloop.NAME with one object of arguments. It answers at once; what
--- comes of it arrives as progress, messages and diagnostics.
function M.run(name, arguments)
  local client = M.client(0)
  if not client then
    return vim.notify('perfloop: no server for this buffer', vim.log.levels.WARN)
  end
  local argument = vim.tbl_extend('keep', arguments or {}, { uri = vim.uri_from_bufnr(0) })
  call(client, 'request', 'workspace/executeCommand', {
    command = 'perfloop.' .. name,
    arguments = { argument },
  }, function(err)
    if err then
      vim.notify('perfloop: ' .. err.message, vim.log.levels.ERROR)
    end
  end, 0)
end

local function create_commands()
  for name, command in pairs(COMMANDS) do
    local key = ({ import = 'path', showMetric = 'metric', showProfile = 'profile' })[command] or 'workload'
    vim.api.nvim_create_user_command('Perfloop' .. name, function(given)
      local argument = given.args ~= '' and given.args or nil
      if argument and key == 'path' then
        argument = vim.fn.fnamemodify(argument, ':p')
      end
      M.run(command, { [key] = argument })
    end, {
      nargs = '?',
      complete = key == 'path' and 'file' or nil,
      desc = 'perfloop: ' .. command,
    })
  end
  vim.api.nvim_create_user_command('PerfloopHot', function()
    vim.lsp.buf.workspace_symbol('')
  end, { desc = 'perfloop: hottest functions first' })
end

--- Attach to every buffer of the wanted file types from now on, the open ones included.
function M.setup(options)
  config = vim.tbl_deep_extend('force', M.defaults, options or {})
  create_commands()
  local group = vim.api.nvim_create_augroup('perfloop', {})
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = config.filetypes,
    callback = function(event)
      M.start(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.tbl_contains(config.filetypes, vim.bo[bufnr].filetype) then
      M.start(bufnr)
    end
  end
end

-- Run as a script rather than required: nvim -u perfloop.lua.
if ... == nil and vim.v.vim_did_enter == 0 then
  M.setup()
end

return M
