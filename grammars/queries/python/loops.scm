; Loops. Comprehensions are loops that Python's profilers report as functions of these names.

(for_statement) @loop
(while_statement) @loop

((list_comprehension) @loop (#set! name "<listcomp>"))
((set_comprehension) @loop (#set! name "<setcomp>"))
((dictionary_comprehension) @loop (#set! name "<dictcomp>"))
((generator_expression) @loop (#set! name "<genexpr>"))
