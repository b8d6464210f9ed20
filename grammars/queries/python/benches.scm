; Benchmarks: @bench is what makes one known to its harness, @name its name as written.

; pytest-benchmark: a test that takes one of its fixtures
((function_definition
  name: (identifier) @name
  parameters: (parameters [
    (identifier) @_fixture
    (typed_parameter . (identifier) @_fixture)
    (default_parameter name: (identifier) @_fixture)
    (typed_default_parameter name: (identifier) @_fixture)
  ])) @bench
  (#any-of? @_fixture "benchmark" "benchmark_weave")
  (#set! harness "pytest-benchmark"))

; pyperf
((call
  function: (attribute object: (identifier) @_runner attribute: (identifier) @_method)
  arguments: (argument_list . (string . (string_start) . (string_content) @name))) @bench
  (#any-of? @_method "bench_func" "bench_time_func" "bench_async_func" "bench_command" "timeit")
  (#not-any-of? @_runner "timeit")
  (#set! harness "pyperf"))
((call
  function: (attribute object: (identifier) @_runner attribute: (identifier) @_method)
  arguments: (argument_list (keyword_argument
    name: (identifier) @_key value: (string . (string_start) . (string_content) @name)))) @bench
  (#any-of? @_method "bench_func" "bench_time_func" "bench_async_func" "bench_command" "timeit")
  (#any-of? @_key "name")
  (#not-any-of? @_runner "timeit")
  (#set! harness "pyperf"))
