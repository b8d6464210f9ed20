; Statements that are no loop.

(expression_statement) @statement
(declaration) @statement
(return_statement) @statement
(if_statement) @statement
(switch_statement) @statement
(throw_statement) @statement
