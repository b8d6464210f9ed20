; Benchmarks: @bench is what makes one known to its harness, @name its name as written. A @group
; gives the benchmarks of the variable at @body, or of the chain it begins, the first part of theirs.

; criterion
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (string_literal . (string_content) @name))) @bench
  (#any-of? @_method "bench_function" "bench_with_input")
  (#set! harness "criterion"))
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (_ (macro_invocation
    macro: (identifier) @_macro
    (token_tree . (string_literal . (string_content) @name)))))) @bench
  (#any-of? @_method "bench_function" "bench_with_input")
  (#any-of? @_macro "format")
  (#set! harness "criterion"))
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (macro_invocation
    macro: (identifier) @_macro
    (token_tree . (string_literal . (string_content) @name))))) @bench
  (#any-of? @_method "bench_function" "bench_with_input")
  (#any-of? @_macro "format")
  (#set! harness "criterion"))
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (call_expression
    function: (scoped_identifier path: (_) @_type name: (identifier) @_new)
    arguments: (arguments . (string_literal . (string_content) @name))))) @bench
  (#any-of? @_method "bench_function" "bench_with_input")
  (#any-of? @_type "BenchmarkId" "criterion::BenchmarkId")
  (#any-of? @_new "new")
  (#set! harness "criterion"))
; BenchmarkId::from_parameter(p): of its name only the group's part is known.
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (call_expression
    function: (scoped_identifier path: (_) @_type name: (identifier) @_new)))) @bench
  (#any-of? @_method "bench_function" "bench_with_input")
  (#any-of? @_type "BenchmarkId" "criterion::BenchmarkId")
  (#any-of? @_new "from_parameter")
  (#set! harness "criterion"))

((let_declaration
  pattern: (identifier) @body
  value: (call_expression
    function: (field_expression field: (field_identifier) @_method)
    arguments: (arguments . (string_literal . (string_content) @name)))) @group
  (#any-of? @_method "benchmark_group")
  (#set! harness "criterion"))
((call_expression
  function: (field_expression field: (field_identifier) @_method)
  arguments: (arguments . (string_literal . (string_content) @name))) @group
  (#any-of? @_method "benchmark_group")
  (#set! harness "criterion"))

; Rust's own test harness
(((attribute_item (attribute . (identifier) @_attribute .)) @bench
  .
  (function_item name: (identifier) @name) @bench)
  (#any-of? @_attribute "bench")
  (#set! harness "libtest"))
(((attribute_item (attribute . (identifier) @_attribute .)) @bench
  .
  (attribute_item)
  .
  (function_item name: (identifier) @name) @bench)
  (#any-of? @_attribute "bench")
  (#set! harness "libtest"))

; divan
(((attribute_item (attribute (scoped_identifier path: (identifier) @_path name: (identifier) @_attribute))) @bench
  .
  (function_item name: (identifier) @name) @bench)
  (#any-of? @_path "divan")
  (#any-of? @_attribute "bench")
  (#set! harness "divan"))
(((attribute_item (attribute (scoped_identifier path: (identifier) @_path name: (identifier) @_attribute))) @bench
  .
  (attribute_item)
  .
  (function_item name: (identifier) @name) @bench)
  (#any-of? @_path "divan")
  (#any-of? @_attribute "bench")
  (#set! harness "divan"))
