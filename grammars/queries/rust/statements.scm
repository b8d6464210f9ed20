; Statements. A loop in statement position is both.

(expression_statement) @statement
(let_declaration) @statement
