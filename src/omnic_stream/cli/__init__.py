"""The command line: argv -> Config -> one verb. Exit codes: 0 done, 1 the work failed, 2 wrong usage or something missing."""
