-- The walk through the loop in Neovim, 0.7 to 0.12:
--     nvim --headless -u NONE -i NONE -n -c 'luafile nvim_walk.lua'
-- Environment: REPO, WORK, SERVER, HOT_TEXT (see common.sh), PLUGIN (perfloop.lua).

local repo, work = os.getenv('REPO'), os.getenv('WORK')
local said = {}
local failed = 0

local function say(...)
  said[#said + 1] = string.format(...)
end

local function check(what, ok, seen)
  say('%s %s%s', ok and 'ok  ' or 'FAIL', what, ok and '' or (': ' .. vim.inspect(seen):gsub('%s+', ' ')))
  if not ok then
    failed = failed + 1
    error('stop', 0)
  end
end

local function eventually(what, condition, seconds, seen)
  local value
  local ok = vim.wait((seconds or 20) * 1000, function()
    value = condition()
    return value and true or false
  end, 20)
  check(what, ok, not ok and seen and seen() or nil)
  return value
end

local function text_of(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local function buffer_text(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n') .. '\n'
end

local function set_buffer(buf, text)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split((text:gsub('\n$', '')), '\n'))
end

-- What this Neovim shows, each as a plain list ---------------------------------------------------

local function diagnostics(buf, code)
  return vim.tbl_filter(function(item)
    local its_code = item.code or (item.user_data and item.user_data.lsp and item.user_data.lsp.code)
    return item.source == 'perfloop' and (code == nil or its_code == code)
  end, vim.diagnostic.get(buf))
end

local function lenses(buf)
  local codelens = vim.lsp.codelens
  local found = codelens.enable and codelens.get({ bufnr = buf }) or codelens.get(buf)
  return vim.tbl_map(function(item)
    return item.lens or item -- 0.12 wraps each with its client
  end, found)
end

local function hints(buf)
  return vim.tbl_map(function(item)
    return item.inlay_hint
  end, vim.lsp.inlay_hint.get({ bufnr = buf }))
end

local function label_of(hint)
  if type(hint.label) == 'string' then
    return hint.label
  end
  return table.concat(vim.tbl_map(function(part)
    return part.value
  end, hint.label))
end

local function line_with(buf, text)
  for i, line in ipairs(vim.api.nvim_buf_get_lines(buf, 0, -1, false)) do
    if line:find(text, 1, true) then
      return i - 1
    end
  end
end

local function on_line(list, line, row_of)
  return vim.tbl_filter(function(item)
    return row_of(item) == line
  end, list)[1]
end

local function lens_row(item)
  return item.range.start.line
end

local function hint_row(item)
  return item.position.line
end

-- The person -------------------------------------------------------------------------------------

-- Answers of the person: the first choice whose text matches `wanted`.
local wanted
local asked = {}

local function choose(items, texts)
  for i, text in ipairs(texts) do
    if wanted and text:find(wanted) then
      return items[i], i
    end
  end
end

vim.ui.select = function(items, options, answer)
  local texts = vim.tbl_map(options.format_item or tostring, items)
  asked[#asked + 1] = (options.prompt or '') .. ' ' .. table.concat(texts, ' | ')
  answer(choose(items, texts))
end

-- 0.7 asks with this one
vim.fn.inputlist = function(texts)
  asked[#asked + 1] = table.concat(texts, ' | ')
  local _, i = choose(texts, vim.tbl_map(function(text)
    return text:match('^%d+%. (.*)') or ''
  end, texts))
  return i and tonumber(texts[i]:match('^(%d+)%.')) or 0
end

local function was_asked(...)
  for _, question in ipairs(asked) do
    local all = true
    for _, part in ipairs({ ... }) do
      all = all and question:find(part, 1, true)
    end
    if all then
      return true
    end
  end
  return false
end

-- Puts the cursor on the line and takes the code action whose title matches. While a job runs there
-- is little to take, so a person looks again.
local function take_action(buf, line, title)
  vim.api.nvim_win_set_cursor(0, { line + 1, 4 })
  eventually('the code action ' .. title, function()
    local before = #asked
    wanted = title
    vim.lsp.buf.code_action()
    vim.wait(5000, function()
      return #asked > before
    end, 20)
    wanted = 'Allow'
    if asked[before + 1] and asked[before + 1]:find(title) then
      return true
    end
    vim.wait(300)
  end, 180, function()
    return asked[#asked]
  end)
end

-- Measures and waits for the verdict with this code. On a noisy machine the first answer can be that
-- it is unclear; then a person measures longer.
local function measure(buf, line, code)
  local before
  take_action(buf, line, 'measure tokenize')
  for _ = 1, 6 do
    eventually('a verdict', function()
      local unclear = diagnostics(buf, 'unclear')[1]
      return diagnostics(buf, code)[1] or (unclear and unclear.message ~= before)
    end, 300, function()
      return diagnostics(buf)
    end)
    if diagnostics(buf, code)[1] then
      break
    end
    before = diagnostics(buf, 'unclear')[1].message
    take_action(buf, line, 'longer')
  end
  check('it is an ' .. code, diagnostics(buf, code)[1], diagnostics(buf))
  local message = diagnostics(buf, code)[1].message
  check('with numbers before and after', message:find('ms → .*ms, [-+]%d+ %%'), message)
end

-- The walk ---------------------------------------------------------------------------------------

local function walk()
  local perfloop = dofile(os.getenv('PLUGIN'))
  vim.cmd('filetype on')
  vim.diagnostic.config({ virtual_text = true })
  perfloop.setup({ cmd = { os.getenv('SERVER'), '--stdio' } })
  vim.cmd('cd ' .. repo)
  vim.cmd('edit tokenizer.py')
  local buf = vim.api.nvim_get_current_buf()
  eventually('the server runs', function()
    return perfloop.client(buf)
  end)

  local hot = line_with(buf, os.getenv('HOT_TEXT'))
  local function heat_on(line)
    return on_line(diagnostics(buf, 'hot-line'), line, function(item)
      return item.lnum
    end)
  end
  eventually('the hot line has a diagnostic', function()
    return heat_on(hot)
  end, 20, function()
    return vim.diagnostic.get(buf)
  end)
  check('it says the share', heat_on(hot).message:find('70 %%') ~= nil, heat_on(hot).message)
  local function function_lens()
    return on_line(lenses(buf), line_with(buf, 'def position('), lens_row)
  end
  eventually('the hot function has a code lens', function()
    local lens = function_lens()
    return lens and lens.command and lens.command.title:find('%%')
  end, 20, function()
    return lenses(buf)
  end)
  if vim.lsp.inlay_hint then
    eventually('the hot line has an inlay hint', function()
      local hint = on_line(hints(buf), hot, hint_row)
      return hint and label_of(hint):find('%%')
    end, 20, function()
      return hints(buf)
    end)
  end

  vim.api.nvim_buf_set_lines(buf, 0, 0, false, { '# one', '# two', '# three' })
  eventually('typing above moves the diagnostic', function()
    return heat_on(hot + 3) and not heat_on(hot)
  end, 20, function()
    return diagnostics(buf)
  end)
  eventually('and the lens', function_lens, 20, function()
    return lenses(buf)
  end)
  if vim.lsp.inlay_hint then
    eventually('and the hint', function()
      return on_line(hints(buf), hot + 3, hint_row) and not on_line(hints(buf), hot, hint_row)
    end, 20, function()
      return hints(buf)
    end)
  end
  vim.api.nvim_buf_set_lines(buf, 0, 3, false, {})
  eventually('and taking it back moves it back', function()
    return heat_on(hot)
  end)

  -- a good change, saved: measured and kept
  local good, bad = text_of(work .. '/good.py'), text_of(work .. '/bad.py')
  local function place()
    return line_with(buf, 'def tokenize(')
  end
  set_buffer(buf, good)
  vim.cmd('silent write')
  measure(buf, place(), 'improvement')
  check('it asked before it ran a command of this workspace', was_asked('benchmarks/test_tokenize.py', 'Allow'), asked)
  take_action(buf, place(), 'keep and commit')
  eventually('the commit is there', function()
    return vim.fn.system({ 'git', '-C', repo, 'log', '-1', '--format=%B' }):find('Perfloop%-Verdict')
  end, 120)

  -- a bad change, not saved: measured and taken back
  eventually('the verdict is gone from the buffer', function()
    return #diagnostics(buf, 'improvement') == 0
  end, 30)
  set_buffer(buf, bad)
  measure(buf, place(), 'regression')
  take_action(buf, place(), 'revert iteration')
  eventually('the buffer holds the good text again', function()
    return buffer_text(buf) == good
  end, 60)
  eventually('the regression is gone', function()
    return #diagnostics(buf, 'regression') == 0
  end, 30)
  vim.cmd('silent write')

  local client = perfloop.client(buf)
  local id = client.id
  if vim.fn.has('nvim-0.11') == 1 then
    client:stop()
  else
    client.stop()
  end
  eventually('the server ends', function()
    return vim.lsp.get_client_by_id(id) == nil
  end, 10)
end

local ok, problem = xpcall(walk, function(err)
  return err == 'stop' and err or debug.traceback(err)
end)
if not ok and problem ~= 'stop' then
  failed = failed + 1
  say('FAIL %s', problem)
end
if failed > 0 then
  say('asked: %s', vim.inspect(asked))
end
local version = vim.version()
say('Neovim %d.%d.%d: %s', version.major, version.minor, version.patch, failed == 0 and 'the whole walk' or 'failed')
io.stdout:write('\n' .. table.concat(said, '\n') .. '\n')
vim.cmd(failed == 0 and 'qall!' or 'cquit 1')
