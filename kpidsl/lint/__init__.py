"""What is worth a word about specs that compile: rules, which are chosen, what passes, and what is mended.

A rule is one frozen object (`rule`), found in one module for each family. `view` is a project as rules see
it, `run` has them look, `select` says which of them and how much they weigh, `suppress` reads comments that
let something pass until a day, `baseline` lets old findings pass, `mend` applies fixes.
"""
