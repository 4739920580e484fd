"""Room rule: programs as anybody would write them in ten minutes, to be measured against. They import
nothing of ours and are started as files."""
