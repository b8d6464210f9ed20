; Statements that are no loop and no definition.

[
  (assert_statement)
  (break_statement)
  (continue_statement)
  (delete_statement)
  (exec_statement)
  (expression_statement)
  (future_import_statement)
  (global_statement)
  (import_from_statement)
  (import_statement)
  (nonlocal_statement)
  (pass_statement)
  (print_statement)
  (raise_statement)
  (return_statement)
  (type_alias_statement)
] @statement

[
  (if_statement)
  (match_statement)
  (try_statement)
  (with_statement)
] @statement
