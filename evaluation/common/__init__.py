"""What the evaluations of rules and of models share: results, their page, the command, data sets of others."""
