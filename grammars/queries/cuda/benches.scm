; Benchmarks: @bench is what makes one known to its harness, @name its name as written. A fixture's
; is written in two pieces: "Fixture, name".

; google-benchmark
((call_expression
  function: (identifier) @_macro
  arguments: (argument_list . (_) @name)) @bench
  (#any-of? @_macro "BENCHMARK" "BENCHMARK_TEMPLATE" "BENCHMARK_TEMPLATE1" "BENCHMARK_TEMPLATE2")
  (#set! harness "google-benchmark"))
((call_expression
  function: (identifier) @_macro
  arguments: (argument_list . (_) @name . (_) @name)) @bench
  (#any-of? @_macro "BENCHMARK_CAPTURE" "BENCHMARK_REGISTER_F")
  (#set! harness "google-benchmark"))
((call_expression
  function: (qualified_identifier name: (identifier) @_function)
  arguments: (argument_list . (string_literal . (string_content) @name))) @bench
  (#any-of? @_function "RegisterBenchmark")
  (#set! harness "google-benchmark"))
((function_definition
  declarator: (function_declarator
    declarator: (function_declarator
      declarator: (identifier) @_macro
      parameters: (parameter_list . (_) @name . (_) @name)))) @bench
  (#any-of? @_macro "BENCHMARK_F")
  (#set! harness "google-benchmark"))
; A type in the argument list makes it look like a declaration.
((function_declarator
  declarator: (identifier) @_macro
  parameters: (parameter_list . (_) @name)) @bench
  (#any-of? @_macro "BENCHMARK_TEMPLATE" "BENCHMARK_TEMPLATE1" "BENCHMARK_TEMPLATE2")
  (#set! harness "google-benchmark"))

; nvbench
((call_expression
  function: (identifier) @_macro
  arguments: (argument_list . (_) @name)) @bench
  (#any-of? @_macro "NVBENCH_BENCH" "NVBENCH_BENCH_TYPES")
  (#set! harness "nvbench"))
